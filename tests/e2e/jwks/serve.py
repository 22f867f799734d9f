# SPDX-License-Identifier: MIT
# An identity provider as far as its keys go, with every way to go wrong: plain HTTP and, with a
# certificate, HTTPS on free ports of this host. Called by test_jwks.sh and test_commands.sh:
#     serve.py DIRECTORY [CERTIFICATE KEY]
# Writes "HTTP-PORT HTTPS-PORT" to DIRECTORY/ports. DIRECTORY/keys.json is the set that is served.
import http.server
import json
import os
import ssl
import sys
import threading

directory, *certificate = sys.argv[1:]
ports = {"https": 0}


def document(issuer, keys):
    return json.dumps({"issuer": issuer, "jwks_uri": keys, "claims_supported": ["sub"]})


class Handler(http.server.BaseHTTPRequestHandler):
    def log_message(self, *_):
        pass

    def do_GET(self):
        https = f"https://localhost:{ports['https']}"
        plain = f"http://127.0.0.1:{ports['http']}"
        own = https if self.server.server_port == ports["https"] else plain
        path = self.path
        base = path.removesuffix("/.well-known/openid-configuration")
        redirects = {
            "/to-https": https + "/keys", "/to-http": plain + "/keys", "/to-file": "file:///etc/passwd",
            "/r1": https + "/r2", "/r2": https + "/r3", "/r3": https + "/keys", "/loop": https + "/loop",
        }
        documents = {
            "": document(own, own + "/keys"),
            "/slash": document(own + "/slash/", own + "/keys"),
            "/mistaken": document("https://other.example", own + "/keys"),
            "/to-plain": document(own + "/to-plain", plain + "/keys"),
            "/no-uri": json.dumps({"issuer": own + "/no-uri"}),
            "/uri-is-no-text": json.dumps({"issuer": own + "/uri-is-no-text", "jwks_uri": 7}),
            "/no-object": "[]",
            "/half": "{\"issuer\":",
        }
        if path in redirects:
            self.send_response(302)
            self.send_header("Location", redirects[path])
            self.send_header("Content-Length", "0")
            self.end_headers()
        elif base != path and base in documents:
            self.answer(200, documents[base])
        elif path == "/keys":
            with open(os.path.join(directory, "keys.json"), encoding="utf-8") as file:
                self.answer(200, file.read())
        elif path == "/huge":
            self.answer(200, '{"keys":[]' + " " * (256 * 1024) + "}")
        elif path == "/huge-without-length":
            self.send_response(200)
            self.end_headers()
            for _ in range(300):
                self.wfile.write(b" " * 1024)
        elif path == "/cut-short":
            self.send_response(200)
            self.send_header("Content-Length", "1000")
            self.end_headers()
            self.wfile.write(b'{"keys":[]}')
        else:
            self.answer(404, '{"keys":[]}')

    def answer(self, status, text):
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        try:
            self.wfile.write(text.encode())
        except OSError:
            pass  # who asked has seen enough


for scheme in ("https", "http") if certificate else ("http",):
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    server.handle_error = lambda *_: None
    ports[scheme] = server.server_port
    if scheme == "https":
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(*certificate)
        server.socket = context.wrap_socket(server.socket, server_side=True, do_handshake_on_connect=False)
    threading.Thread(target=server.serve_forever, daemon=True).start()
with open(os.path.join(directory, "ports.new"), "w", encoding="utf-8") as file:
    print(ports["http"], ports["https"], file=file)
os.rename(os.path.join(directory, "ports.new"), os.path.join(directory, "ports"))
threading.Event().wait()
