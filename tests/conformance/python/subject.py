"""A subject of the harness: the official ably for Python, with the protocol of docs/subject-protocol.md.

The client has no Ably Chat, so a realtime channel stands for a room, and the client's Channels for the
registry. A get returns the channel of a name. A release detaches the channel and then releases it, as
the client's documentation says.
"""

import asyncio
import json
import logging
import sys
from importlib.metadata import version

from ably import AblyRealtime
from ably.types.channeloptions import ChannelOptions

PROTOCOL = 1
TIMEOUT = 120_000  # milliseconds: longer than the harness waits, so that no timer of the client fires

logging.disable(logging.CRITICAL)  # the harness reads standard output and error


class Failure(Exception):
    """An error of the subject itself."""


class Subject:
    """The operations, by their names in the protocol."""

    def __init__(self):
        self.realtime = None
        self.rooms = []  # a room's number is its index here plus 1

    async def hello(self, request):
        if request["protocol"] != PROTOCOL:
            raise Failure(f"protocol {request['protocol']} is not supported, only {PROTOCOL}")
        # The client ignores its option port for the address of the WebSocket, so the host contains it.
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
        if "options" in request:  # the options of a channel are params, which are strings
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
        raise Failure("calls of the client can't be given up: cancelling a task would stop a release halfway")

    async def settle(self, request):
        """Return when nothing is left to do, and the server has answered everything sent before."""
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
    """Let the event loop run until everything that is due has run."""
    for _ in range(10):
        await asyncio.sleep(0)


async def main():
    lines = asyncio.StreamReader(limit=1 << 20)
    loop = asyncio.get_running_loop()
    await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(lines), sys.stdin)
    subject, under_way = Subject(), set()
    while line := await lines.readline():
        # The call begins before the next line is read, so calls begin in the order of the lines.
        call = asyncio.ensure_future(subject.answer(json.loads(line)))
        under_way.add(call)
        call.add_done_callback(under_way.discard)
        await asyncio.sleep(0)
    if subject.realtime:
        await subject.realtime.close()


asyncio.run(main())
