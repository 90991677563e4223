#!/usr/bin/python3
# An FTP server for the tests of files: ftp_server.py DIRECTORY PORT-FILE [CERTIFICATE].
#
# User "shop", password "geheim".  With a certificate every session must be upgraded to TLS, data
# included.  The port is chosen by the system and written to PORT-FILE.  Ends with its parent.

import os
import sys

from pyftpdlib.authorizers import DummyAuthorizer
from pyftpdlib.handlers import FTPHandler
from pyftpdlib.servers import FTPServer

directory, port_file = sys.argv[1:3]
authorizer = DummyAuthorizer()
authorizer.add_user("shop", "geheim", directory, perm="elradfmwMT")
handler = FTPHandler
if len(sys.argv) > 3:
    from pyftpdlib.handlers import TLS_FTPHandler

    handler = TLS_FTPHandler
    handler.certfile = sys.argv[3]
    handler.tls_control_required = True
    handler.tls_data_required = True
handler.authorizer = authorizer
server = FTPServer(("127.0.0.1", 0), handler)
with open(port_file + ".new", "w") as file:
    file.write(str(server.address[1]))
os.rename(port_file + ".new", port_file)
parent = os.getppid()
while os.getppid() == parent:
    server.serve_forever(timeout=0.5, blocking=False)
