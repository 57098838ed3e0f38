"""Passes TCP connections on: each argument is PORT=HOST:PORT. In a client's pod it makes the test a client of the Services, policies included."""
import asyncio
import sys


async def pump(reader, writer):
    try:
        while data := await reader.read(65536):
            writer.write(data)
            await writer.drain()
        # What ends in good order is passed on so; kubectl ends a whole forward at the first connection that is reset.
        writer.write_eof()
    except OSError as problem:
        print(problem, flush=True)
        writer.close()


def relay(host, port):
    async def serve(reader, writer):
        try:
            there, back = await asyncio.open_connection(host, port)
        except OSError as problem:
            print(f"{host}:{port}: {problem}", flush=True)
            writer.close()
            return
        await asyncio.gather(pump(reader, back), pump(there, writer))
        back.close()
        writer.close()

    return serve


async def main():
    servers = []
    for argument in sys.argv[1:]:
        port, _, target = argument.partition("=")
        host, _, target_port = target.rpartition(":")
        servers.append(await asyncio.start_server(relay(host, int(target_port)), "127.0.0.1", int(port)))
    print("ready", flush=True)
    await asyncio.gather(*(server.serve_forever() for server in servers))


asyncio.run(main())
