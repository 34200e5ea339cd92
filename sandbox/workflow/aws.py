"""The AWS CLI, loaded once for all steps of a run: all but a twentieth of what a call takes is Python loading it, and its data.

    aws.py serve SOCKET            loads it and takes calls until its standard input ends; removes the socket's folder then
    aws.py call SOCKET AWS ...     a call with the arguments ...; where nobody listens, the program AWS itself
                                   needs next to nothing of the standard library (python -IS), and is quick for it

Each call is a process of its own that has forked from the one with all loaded. It has its caller's arguments, environment, folder and
streams, and ends with it.
"""

import os
import sys

# What the steps of deploy.yml call. What belongs to another service is read by each call to it.
SERVICES = ("cloudwatch", "ecr", "ecs", "logs")


def call(address, program, *args):
    """Returns the exit code of the CLI."""
    import array

    import _socket  # without what `socket` adds to it, which takes longer than all else here

    connection = _socket.socket(_socket.AF_UNIX)
    try:
        connection.connect(address)
    except OSError:
        os.execv(program, [program, *args])
    environment = [name + b"=" + value for name, value in os.environb.items()]
    asked = b"\0".join([os.getcwdb(), b"%d" % len(args), *map(os.fsencode, args), *environment])
    message = b"%d\n%b" % (len(asked), asked)
    streams = (_socket.SOL_SOCKET, _socket.SCM_RIGHTS, array.array("i", [0, 1, 2]))
    sent = connection.sendmsg([message], [streams])
    connection.sendall(message[sent:])
    code = connection.recv(4)
    if not code:
        print("aws: the call was killed.", file=sys.stderr)
    return int(code or 1)


def serve(address):
    """Takes calls until standard input ends."""
    import gc
    import select
    import shutil
    import signal
    import socket

    from awscli import clidriver

    read_once(clidriver)
    gc.freeze()  # what is not looked through again is not copied for each call
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # no zombies
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # what ends the run ends its standard input
    listener = socket.socket(socket.AF_UNIX)
    listener.bind(address)
    listener.listen()
    while sys.stdin not in select.select([sys.stdin, listener], [], [])[0]:
        connection, _ = listener.accept()
        if os.fork() == 0:
            listener.close()
            answer(connection, clidriver.main)
        connection.close()
    shutil.rmtree(os.path.dirname(address))


def read_once(clidriver):
    """Reads what the CLI itself comes with and the steps' calls need; each has a copy of its own of it."""
    import functools

    from botocore import loaders  # the CLI's own, under this name

    load, listed = functools.cache(loaders.JSONFileLoader().load_file), loaders.Loader.list_available_services
    folders = functools.cache(lambda paths, name: listed(loaders.Loader(paths, include_default_search_paths=False), name))
    loaders.JSONFileLoader.load_file = lambda self, file_path: load(file_path)
    loaders.Loader.list_available_services = lambda self, type_name: folders(tuple(self.search_paths), type_name)

    session = clidriver.create_clidriver().session
    for service in SERVICES:
        session.create_client(service, "us-east-1", aws_access_key_id="none", aws_secret_access_key="none")
        session.get_component("data_loader").load_service_model(service, "paginators-1")


def answer(connection, main):
    """Runs one call in this process, which is its own, and ends it."""
    import importlib
    import signal
    import socket
    import threading
    import traceback

    import awscli

    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    signal.signal(signal.SIGINT, signal.default_int_handler)
    message, streams, _, _ = socket.recv_fds(connection, 65536, 3)
    length, _, asked = message.partition(b"\n")
    while len(asked) < int(length or 1):
        more = connection.recv(65536)
        if not more:
            os._exit(1)  # its caller was killed while it asked
        asked += more
    folder, count, *rest = asked.split(b"\0")
    args, environment = rest[: int(count)], rest[int(count) :]
    for number, stream in enumerate(streams):
        os.dup2(stream, number)
        os.close(stream)
    os.environ.clear()
    os.environb.update(each.split(b"=", 1) for each in environment)
    importlib.reload(awscli)  # completes AWS_DATA_PATH
    os.chdir(folder)
    sys.argv = ["aws", *map(os.fsdecode, args)]

    def end_with_caller():
        connection.recv(1)
        os.kill(os.getpid(), signal.SIGTERM)

    threading.Thread(target=end_with_caller, daemon=True).start()
    try:
        code = main()
    except SystemExit as ended:
        code = ended.code
    except BaseException:
        traceback.print_exc()
        code = 1
    sys.stdout.flush()
    sys.stderr.flush()
    connection.sendall(str(code or 0).encode())
    os._exit(0)


if __name__ == "__main__":
    command, *rest = sys.argv[1:]
    sys.exit(serve(*rest) if command == "serve" else call(*rest))
