"""`touchstone sim` and `touchstone conform` as tests start them."""

import os
import subprocess
import xmlrpc.client

LIMIT_S = 300
BUILD = os.path.abspath(os.environ.get("O", "build"))
CONFORM = os.path.join(BUILD, "touchstone-conform")
ENV = {**os.environ, "TOUCHSTONE_BUILD": BUILD}


def conform(*words, **more):
    return subprocess.run(
        [CONFORM, *words], check=False, stdout=subprocess.PIPE,
        stderr=subprocess.PIPE, text=True, stdin=subprocess.DEVNULL,
        timeout=LIMIT_S, env={**ENV, **more})


def started(*words):
    """The suite, running on its own."""
    # pylint: disable=consider-using-with
    return subprocess.Popen(
        [CONFORM, *words], stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        text=True, stdin=subprocess.DEVNULL, env=ENV)


class Endpoint:
    """A simulation that is not the suite's own."""

    def __init__(self, *options):
        # pylint: disable=consider-using-with
        self.process = subprocess.Popen(
            [os.path.join(BUILD, "touchstone-sim"), "--port", "0", "--seed",
             "1", "--preset", "trio", *options], stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL, stdin=subprocess.DEVNULL, text=True)
        line = self.process.stdout.readline()
        self.port = int(line.rsplit(":", 1)[1])
        self.url = "http://root:secret@127.0.0.1:%d" % self.port

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.terminate()
        self.process.wait()
        self.process.stdout.close()

    def records(self, *classes):
        """All records of these classes, as the endpoint has them now."""
        with xmlrpc.client.ServerProxy(
                "http://127.0.0.1:%d" % self.port) as xen:
            session = xen.session.login_with_password("root",
                                                      "secret")["Value"]
            found = {name: getattr(xen, name).get_all_records(session)["Value"]
                     for name in classes}
            xen.session.logout(session)
        return found

    def left_behind(self):
        """Names of what the suite has made and not removed."""
        found = self.records("VM", "VDI", "network", "SR", "task")
        return sorted(o["name_label"] for all_of in found.values()
                      for o in all_of.values()
                      if o["name_label"].startswith("conform-"))
