"""The relay's ground floor, without I/O: sessions, the gate, outboxes, the registry, the decoy.

Events go in by method calls; what is to be sent lies in outboxes, what is to be stored in a list of records,
and clocks and randomness are parameters (:class:`relevo_server.relay.session.Surroundings`).
"""
