"""One message of every kind, or more where a field may be missing: what the wire vectors are made of."""

from typing import Final

from relevo_protocol.errors import ErrorCode
from relevo_protocol.messages import administration as admin
from relevo_protocol.messages import chat, marks, relay, screen, session, team
from relevo_protocol.messages import input as typed
from relevo_protocol.messages.base import Message
from relevo_protocol.modes import Capability, Mode, Permit, Role, SessionKind, Standing
from relevo_protocol.rights import Factor

_SESSION: Final = bytes(range(16))
_INVITE: Final = bytes(range(32, 48))
_SECRET: Final = bytes(range(32))
_TOKEN: Final = "t" * 43

_RELAY: Final[tuple[Message, ...]] = (
    relay.AgentHello(version=1, agent_version="0.1.0"),
    relay.AgentHello(version=1, agent_version="0.1.0", join="048291"),
    relay.AgentHello(version=1, agent_version="0.1.0", kind=SessionKind.PRESENTATION, ticket=_TOKEN),
    relay.AgentWelcome(
        session_id=_SESSION,
        origin="https://relay.example",
        token=_TOKEN,
        resumed=False,
        routing="482913",
        code_life_s=600,
    ),
    relay.CodeRequest(),
    relay.CodeIssued(routing="000001", code_life_s=600),
    relay.CodeSpent(),
    relay.ViewerJoining(
        link=9,
        slot=1,
        account_id="a1",
        display_name="Núria Peña",
        organisation="Ayuda S. L.",
        resumed=False,
    ),
    relay.ViewerJoining(
        link=10,
        slot=2,
        account_id="a2",
        display_name="Jon",
        organisation="Ayuda S. L.",
        resumed=True,
        standing=Standing.SUPERVISOR,
        admin_tools=True,
    ),
    relay.ViewerGone(link=9, slot=1, left=True, code=ErrorCode.SESSION_ENDED),
    relay.KeyframeWanted(slot=1),
    relay.RemoveViewer(link=9, code=ErrorCode.CODE_WRONG),
    relay.SeatAdmitted(link=9),
    relay.SeatAdmitted(link=9, role=Role.SUPERVISOR),
    relay.RoleNotice(link=9, role=Role.LEAD),
    relay.InviteOpened(invite=_INVITE, guests=True, life_s=3600),
    relay.InviteClosed(invite=_INVITE),
    relay.JoinAsked(
        request=4,
        account_id="a2",
        display_name="Jon",
        organisation="Ayuda S. L.",
        standing=Standing.SUPERVISOR,
        admin_tools=False,
        key=_SECRET,
    ),
    relay.JoinAnswered(request=4, invite=_INVITE, sealed=bytes(80)),
    relay.JoinAnswered(request=4, code=ErrorCode.CONSENT_DENIED),
    relay.HoldNotice(hold_s=28800),
    relay.RestartNotice(back_in_s=1800),
    relay.RecordNotice(act=relay.RecordedAct.TAKE_OVER, slot=2, detail="a2"),
    relay.RecordNotice(act=relay.RecordedAct.REPORTED, slot=0, number=257),
    relay.Recorded(number=257),
    relay.StepUp(link=9),
    relay.StepUp(link=9, life_s=30),
    relay.ModeNotice(mode=Mode.FULL),
    relay.EndSession(reason="customer"),
    relay.ViewerHello(version=1, ticket=_TOKEN),
    relay.ViewerWelcome(
        session_id=_SESSION,
        origin="https://relay.example",
        link=9,
        slot=1,
        resume=_TOKEN,
        resume_life_s=600,
        account_id="a1",
        display_name="Núria Peña",
        organisation="Ayuda S. L.",
    ),
    relay.ViewerWelcome(
        session_id=_SESSION,
        origin="https://relay.example",
        link=9,
        slot=1,
        resume=_TOKEN,
        resume_life_s=600,
        account_id="guest-1",
        display_name="Tom",
        organisation="",
        kind=SessionKind.PRESENTATION,
        host_name="Núria Peña",
    ),
    relay.HostGone(),
    relay.HostGone(restarting_s=1800),
    relay.HostBack(link=10),
    relay.Leave(),
    relay.SessionEnded(code=ErrorCode.SESSION_ENDED),
    relay.RelayError(code=ErrorCode.TICKET_INVALID, detail="used"),
)

_SESSION_ITSELF: Final[tuple[Message, ...]] = (
    session.ConsentPending(mode=Mode.FULL, deadline_s=60),
    session.ConsentPending(mode=Mode.FULL, deadline_s=60, capability=Capability.TERMINAL_USER),
    session.ConsentResult(granted=False, mode=Mode.FULL, code=ErrorCode.CONSENT_TIMEOUT),
    session.ConsentResult(granted=True, mode=Mode.FULL, capability=Capability.TERMINAL_USER),
    session.ModeState(
        mode=Mode.OBSERVER,
        rights={Capability.INPUT_KEYS: session.RightView(permit=Permit.NEVER, removed_by=Factor.MODE)},
    ),
    session.Epoch(
        epoch=3,
        secret=_SECRET,
        members=[
            session.Member(
                slot=1,
                link=9,
                role=Role.LEAD,
                account_id="a1",
                display_name="Núria",
                organisation="Ayuda",
            ),
            session.Member(
                slot=2,
                link=10,
                role=Role.EXTERNAL,
                account_id="guest-1",
                display_name="Tom",
                organisation="",
                team_key=_SECRET,
            ),
        ],
    ),
    session.InputRefused(
        code=ErrorCode.NOT_PERMITTED, capability=Capability.INPUT_TEXT, removed_by=Factor.TOKEN
    ),
    session.InputRefused(code=ErrorCode.NOT_PERMITTED, capability=None, removed_by=Factor.ROLE),
    session.InputRefused(
        code=ErrorCode.NOT_PERMITTED, capability=Capability.ELEVATE, removed_by=Factor.REAUTH
    ),
    session.HeartbeatEcho(t_ms=12.5),
    session.HostGoodbye(code=ErrorCode.REMOVED),
    session.Heartbeat(t_ms=12.5, rtt_ms=3.25),
    session.ModeRequest(mode=Mode.FULL),
    session.ModeRequest(mode=Mode.DEMO, demo=session.DemoJoin(invite=_INVITE, secret=_SECRET)),
    session.Goodbye(),
    screen.ScreenLayout(
        width=1920,
        height=1080,
        monitors=[screen.Monitor(id=1, x=0, y=0, width=1920, height=1080, primary=True, name="DP-1")],
    ),
    screen.CaptureState(condition=screen.CaptureCondition.PAUSED),
    screen.PictureState(limit=screen.PictureLimit.NONE),
    screen.PictureState(limit=screen.PictureLimit.LINE, line_bytes_s=50_000, host_ms=4.5, viewer_ms=7.25),
    screen.Decoders(codecs=[]),
    screen.Decoders(codecs=[3, 16, 33, 34, 255]),
    screen.FrameAck(frame_id=7, decode_ms=4.5),
    screen.KeyframeRequest(),
    screen.KeyframeRequest(whole=True),
    screen.QualityChoice(quality=screen.Quality.SHARP),
    typed.PointerMove(monitor=0, x=0.5, y=0.25, seen=7),
    typed.PointerButton(monitor=0, x=0.5, y=0.25, button=2, down=True, seen=7),
    typed.PointerWheel(monitor=0, x=0.5, y=0.25, dx=0.0, dy=-1.5, seen=7),
    typed.KeyPress(code="ArrowLeft", key="ArrowLeft", down=True, modifiers=3),
    typed.TextInput(text="ñáü¿€@\\|😀"),
    typed.SpecialKeys(combo=typed.SpecialCombo.CTRL_ALT_DELETE),
    typed.ReleaseAll(),
)

_PEOPLE: Final[tuple[Message, ...]] = (
    team.TeamKey(public=_SECRET),
    team.ControlRequest(),
    team.ControlRelease(),
    team.ControlGive(slot=3),
    team.MicroHandover(),
    team.TakeOver(reason="La sesión se alarga"),
    team.HandOver(slot=2),
    team.GrantChange(slot=2, capability=Capability.INPUT_POINTER, granted=True),
    team.RemoveMember(slot=5),
    team.InviteRequest(role=Role.EXTERNAL),
    team.InviteRequest(role=Role.EXPERT, account_id="a4"),
    team.InviteRevoke(invite=_INVITE),
    team.CapabilityRequest(capability=Capability.CLIPBOARD_FROM_CUSTOMER),
    team.TokenState(holder=0, cause=team.TokenCause.LOCAL_INPUT, returns_ms=1500.0, next_slot=1),
    team.TokenState(holder=None, cause=team.TokenCause.MODE),
    team.GrantsState(grants=[team.MemberGrants(slot=2, granted=[Capability.INPUT_POINTER])]),
    team.InviteIssued(invite=_INVITE, secret=_SECRET, role=Role.EXTERNAL, life_s=3600),
    team.InviteOver(invite=_INVITE),
    team.LeadChanged(slot=2),
    team.LeadChanged(slot=2, reason="La sesión se alarga"),
    chat.ChatSend(text="¿Ve el botón?\nArriba, a la derecha."),
    chat.ChatLine(line=1, slot=0, name="Cliente", text="Sí, ya lo veo 😀", at_ms=1.7e12),
    chat.ChatSend(text="¿Sigue ahí?", sent=7),
    chat.ChatLine(line=2, slot=1, name="Núria", text="¿Sigue ahí?", at_ms=1.7e12, sent=7),
    chat.Whisper(text="Pide permiso antes", at_ms=1.7e12),
    chat.WhisperHeard(at_ms=1.7e12),
    marks.Laser(monitor=1, x=0.5, y=0.25),
    marks.LaserOff(),
    marks.Stroke(stroke=1, monitor=1, points=[0.5, 0.25, 0.5, 0.75]),
    marks.ClearMarks(),
    marks.ClearMarks(everybody=True),
    marks.MemberLaser(slot=2, monitor=1, x=0.5, y=0.25),
    marks.MemberLaserOff(slot=2),
    marks.MemberStroke(slot=0, stroke=1, monitor=0, points=[0.0, 0.5]),
    marks.MarksCleared(),
    marks.MarksCleared(slot=2),
)

_ADMINISTRATION: Final[tuple[Message, ...]] = (
    admin.SystemInfoRequest(),
    admin.ProcessesRequest(),
    admin.ProcessEnd(pid=812, started_ms=1_700_000_000_000, forced=True),
    admin.ServicesRequest(),
    admin.ServiceChange(name="cups.service", act=admin.ServiceAct.RESTART),
    admin.TerminalOpen(columns=80, rows=24),
    admin.AdminTerminalOpen(columns=80, rows=24),
    admin.TerminalInput(terminal=1, data=b"ls\r"),
    admin.TerminalSize(terminal=1, columns=120, rows=40),
    admin.TerminalClose(terminal=1),
    admin.RestartRequest(),
    admin.RestartCancel(),
    admin.HoldRequest(hours=8),
    admin.HoldEnd(),
    admin.SystemInfo(
        host_name="portátil",
        system="Debian 13",
        processor="x86_64",
        cores=8,
        memory_bytes=2**34,
        disk_free_bytes=2**38,
        up_s=3600,
        user="ana",
    ),
    admin.ProcessList(
        processes=[
            admin.Process(
                pid=812,
                started_ms=1_700_000_000_000,
                name="firefox",
                user="ana",
                cpu_percent=12.5,
                memory_bytes=2**30,
            )
        ],
        left_out=3,
    ),
    admin.ServiceList(
        services=[admin.Service(name="cups.service", description="Impresión", running=True, changeable=True)]
    ),
    admin.ActDone(act="ServiceChange", done=False, detail="Unit cups.service not found."),
    admin.TerminalOpened(terminal=1, elevated=True),
    admin.TerminalOutput(terminal=1, data=b"\x1b[31m$ \xff"),
    admin.TerminalClosed(terminal=1, status=-9),
    admin.RestartState(in_s=30),
    admin.RestartState(in_s=None),
    admin.AdministratorState(grant_ends_in_s=14400, hold_ends_in_s=None),
)

SAMPLES: Final = (*_RELAY, *_SESSION_ITSELF, *_PEOPLE, *_ADMINISTRATION)
"""Every message at least once; ``test_M1_vectors_hold_every_message`` sees to it."""
