"""Where sockets are awaited: the WebSocket endpoints, and uvicorn's protocols made fit for hostile peers."""
