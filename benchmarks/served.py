"""A server of JSON in a process of its own, so that it costs nothing of what is measured beside it."""

import multiprocessing
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


def serve(made, args, port):
    """`made(*args)` prepares what answers a path and a request's body with bytes, or with these and headers; then the
    port is told."""
    answer = made(*args)

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self):
            found = answer(self.path, self.rfile.read(int(self.headers.get("Content-Length", 0))))
            body, headers = found if isinstance(found, tuple) else (found, {})
            self.send_response(200)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            for name, value in headers.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(body)

        def do_POST(self):
            self.do_GET()

        def log_message(self, *_):
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    port.put(server.server_port)
    server.serve_forever()


def served(made, *args):
    """(the process, its address); `terminate` ends it."""
    port = multiprocessing.Queue()
    server = multiprocessing.Process(target=serve, args=(made, args, port), daemon=True)
    server.start()
    return server, f"http://127.0.0.1:{port.get()}"
