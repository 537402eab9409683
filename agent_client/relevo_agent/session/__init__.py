"""The session as the customer's PC sees it: events in, actions out, no I/O (SPEC S, P, R, G, V, N).

``core.Session`` is the door, ``house`` puts the rooms together. ``doorway`` lets viewers in, ``control``
hands what they say to the room that it belongs to: ``modes``, ``driving`` (the control token), ``consent``,
``administration``, ``people``; ``screen`` seals the picture. All of them work on one ``desk.Desk`` and leave
their actions there; after each event ``house.settle`` tells everybody what has followed from it.
"""
