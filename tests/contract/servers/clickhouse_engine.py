"""ClickHouse's present engine behind HTTP, as far as Plumb's checks and Vector speak it."""
import sys
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Lock

from chdb import session

port, password, folder = int(sys.argv[1]), sys.stdin.readline().strip(), sys.argv[2]
engine, alone = session.Session(folder), Lock()


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def answer(self, status, text):
        body = text.encode()
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def do_GET(self):
        self.answer(200, "Ok.\n")

    def do_POST(self):
        sql = self.rfile.read(int(self.headers.get("Content-Length", 0))).decode()
        if self.headers.get("X-ClickHouse-Key") != password:
            return self.answer(403, "Code: 516. DB::Exception: default: Authentication failed\n")
        try:
            with alone:
                text = str(engine.query(sql, "TSV"))
            self.answer(200, text)
        except Exception as error:
            self.answer(404 if "UNKNOWN" in str(error) else 500, str(error))

    def log_message(self, *_):
        pass


ThreadingHTTPServer(("127.0.0.1", port), Handler).serve_forever()
