"""The session as the customer's PC sees it: events in, actions out, no I/O (SPEC S, P, R).

``core.Session`` is the door; ``doorway`` lets viewers in, ``control`` judges what they say, ``screen`` seals
the picture. All of them work on one ``desk.Desk`` and leave their actions there.
"""
