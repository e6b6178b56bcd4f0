"""The official ably for Python behind the harness's protocol (docs/subject-protocol.md).

It has no Ably Chat, so a room is its realtime channel, and the registry is its Channels: get returns
the channel of a name, a release detaches the channel and then releases it, as its documentation says.
"""

import asyncio
import json
import logging
import sys
from importlib.metadata import version

from ably import AblyRealtime
from ably.types.channeloptions import ChannelOptions

PROTOCOL = 1
TIMEOUT = 120_000  # milliseconds, beyond the harness's patience, so that no timer of the client takes part

logging.disable(logging.CRITICAL)  # standard output and error are the harness's


class Failure(Exception):
    """An error of the subject itself."""


class Subject:
    """The operations, by their names in the protocol."""

    def __init__(self):
        self.realtime = None
        self.rooms = []  # identity: a room's number is its place here, from 1

    async def hello(self, request):
        if request["protocol"] != PROTOCOL:
            raise Failure(f"protocol {request['protocol']} is not spoken here, only {PROTOCOL}")
        # The client leaves its option port out of the address of the WebSocket, so the host has it.
        endpoint = f"{request['host']}:{request['port']}"
        self.realtime = AblyRealtime(
            request["key"], client_id=request["clientId"], endpoint=endpoint, tls=False, fallback_hosts=[],
            realtime_request_timeout=TIMEOUT)
        await self.realtime.connection._when_state("connected")
        return {"protocol": PROTOCOL, "subject": f"ably-python@{version('ably')}"}

    async def new(self, request):
        for room in self.rooms:
            self.realtime.channels.release(room.name)
        self.rooms = []

    async def get(self, request):
        options = None
        if "options" in request:  # a channel has params, which are strings
            options = ChannelOptions(params={"options": json.dumps(request["options"])})
        room = self.realtime.channels.get(channel(request["name"]), options)
        if not any(known is room for known in self.rooms):
            self.rooms.append(room)
        return {"room": next(i for i, known in enumerate(self.rooms, 1) if known is room)}

    async def release(self, request):
        name = channel(request["name"])
        known = [room for room in self.realtime.channels if room.name == name]
        if known:
            await known[0].detach()
            self.realtime.channels.release(name)

    async def attach(self, request):
        await self.rooms[request["room"] - 1].attach()

    async def dispose(self, request):
        raise Failure("the client has no disposal of its channels")

    async def giveup(self, request):
        raise Failure("calls of the client are not given up: cancelling a task stops the release half-way")

    async def settle(self, request):
        """Return when nothing is left to do, and what was sent before has been answered."""
        await turns()
        await self.realtime.connection.ping()
        await turns()

    async def answer(self, request):
        answer = {"id": request["id"]}
        try:
            answer |= await getattr(self, request["op"])(request) or {}
        except Exception as e:
            answer["error"] = {"code": getattr(e, "code", 0) or 0, "status": getattr(e, "status_code", 0) or 0,
                               "message": str(e)}
        print(json.dumps(answer), flush=True)


def channel(name):
    return f"{name}::$chat"


async def turns():
    """Let the event loop go round until all that is due has run."""
    for _ in range(10):
        await asyncio.sleep(0)


async def main():
    lines = asyncio.StreamReader(limit=1 << 20)
    loop = asyncio.get_running_loop()
    await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(lines), sys.stdin)
    subject, under_way = Subject(), set()
    while line := await lines.readline():
        # The call begins before the next line is read: the order of the lines is that of the calls.
        call = asyncio.ensure_future(subject.answer(json.loads(line)))
        under_way.add(call)
        call.add_done_callback(under_way.discard)
        await asyncio.sleep(0)
    if subject.realtime:
        await subject.realtime.close()


asyncio.run(main())
