"""Support sessions over HTTP: the ticket that opens one; everything else happens on the WebSocket."""
