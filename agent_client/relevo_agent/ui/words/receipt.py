"""The customer's receipt: what happened in a session, in plain sentences (SPEC N6)."""

from typing import Final

TABLE: Final[dict[str, tuple[str, str]]] = {
    "receipt.title": ("Qué ha pasado en esta sesión", "What happened in this session"),
    "receipt.when": ("{date}, de {start} a {end}", "{date}, from {start} to {end}"),
    "receipt.when_open": ("{date}, desde las {start}", "{date}, from {start} on"),
    "receipt.date": ("{day} de {month} de {year}", "{day} {month} {year}"),
    "receipt.months": (
        "enero,febrero,marzo,abril,mayo,junio,julio,agosto,septiembre,octubre,noviembre,diciembre",
        "January,February,March,April,May,June,July,August,September,October,November,December",
    ),
    "receipt.who": ("Quién estuvo", "Who was there"),
    "receipt.name": ("Nombre", "Name"),
    "receipt.organisation": ("Organización", "Organisation"),
    "receipt.as": ("Papel", "Part"),
    "receipt.from": ("Desde", "From"),
    "receipt.to": ("Hasta", "To"),
    "receipt.nobody": ("No entró nadie.", "Nobody came in."),
    "receipt.seen": ("Qué se vio", "What was seen"),
    "receipt.seen_between": (
        "Su pantalla, de {start} a {end} ({length})",
        "Your screen, from {start} to {end} ({length})",
    ),
    "receipt.seen_nothing": ("Nadie ha visto su pantalla.", "Nobody saw your screen."),
    "receipt.allowed": ("Qué permitió usted", "What you allowed"),
    "receipt.refused": ("Qué no se permitió", "What was not allowed"),
    "receipt.done": ("Qué se hizo", "What was done"),
    "receipt.nothing": ("Nada.", "Nothing."),
    "receipt.granted": ("A {who}: {what}", "To {who}: {what}"),
    "receipt.denied": ("{who} pidió: {what}", "{who} asked for: {what}"),
    "receipt.mode": ("Modo: {mode}", "Mode: {mode}"),
    "receipt.come_in": ("entrar también en la sesión", "come into the session too"),
    "receipt.by_click": ("lo decidió usted", "decided by you"),
    "receipt.by_clock": ("por no contestar a tiempo", "as there was no answer in time"),
    "receipt.by_clock_in": ("usted no se opuso", "you did not object"),
    "receipt.by_policy": ("por las reglas de este PC", "by the rules of this PC"),
    "receipt.by_withdrawn": ("la pregunta se retiró", "the question was taken back"),
    "receipt.step": ("El modo pasó a ser: {mode}", "The mode became: {mode}"),
    "receipt.control": ("{who} usó el ratón o el teclado", "{who} used mouse or keyboard"),
    "receipt.lead": ("{who} pasó a dirigir la ayuda", "{who} took the lead"),
    "receipt.removed": ("{who} tuvo que salir", "{who} was made to leave"),
    "receipt.reported": (
        "Usted avisó sobre {who} y terminó la sesión. Su aviso se envió a los responsables del servicio",
        "You reported {who} and ended the session. Your report was sent to the people who run the service",
    ),
    "receipt.reported_here": (
        "Usted avisó sobre {who} y terminó la sesión. Sin conexión su aviso no se pudo enviar en ese momento",
        "You reported {who} and ended the session. With no connection your report could not be sent then",
    ),
    "receipt.ended": ("La sesión terminó", "The session ended"),
    "receipt.act": ("{who}: {what}", "{who}: {what}"),
    "receipt.of_pc": ("Este PC: {what}", "This PC: {what}"),
    "act.process": ("cerró el programa {rest}", "closed the program {rest}"),
    "act.service_start": ("inició el servicio {rest}", "started the service {rest}"),
    "act.service_stop": ("paró el servicio {rest}", "stopped the service {rest}"),
    "act.service_restart": ("reinició el servicio {rest}", "restarted the service {rest}"),
    "act.terminal_user": ("abrió una terminal con el usuario de usted", "opened a terminal as your user"),
    "act.terminal_administrator": (
        "abrió una terminal como administrador",
        "opened a terminal as administrator",
    ),
    "act.revoked": ("el modo administrador se retiró", "administrator mode was revoked"),
    "act.hold": ("mantuvo la sesión abierta durante {rest}", "kept the session open for {rest}"),
    "act.hold_ended": ("la sesión dejó de mantenerse abierta", "the session was no longer kept open"),
    "act.restart": ("pidió reiniciar este PC", "asked to restart this PC"),
    "act.restart_off": ("el reinicio se canceló", "the restart was called off"),
    "act.restart_failed": ("el reinicio no se pudo hacer", "the restart could not be done"),
    "receipt.reason": ("motivo: {reason}", "reason: {reason}"),
    "receipt.something": ("algo de este PC", "something of this PC"),
    "receipt.foot": (
        (
            "Esta hoja la ha escrito su propio PC y no sale de él. Lo que el equipo de ayuda habla entre "
            "sí no figura aquí, porque su PC no lo recibe."
        ),
        (
            "This page was written by your own PC and does not leave it. What the helpers say among "
            "themselves is not in it, as your PC does not receive it."
        ),
    ),
    "receipt.record": (
        "El registro completo, encadenado para que se note si alguien lo cambia: {path}",
        "The whole record, chained so that a change shows: {path}",
    ),
    "receipt.damaged": (
        "Atención: parte del registro de esta sesión no se pudo escribir; puede faltar algo.",
        "Note: part of this session's record could not be written; something may be missing.",
    ),
    "mode_name.observer": ("solo ver", "watch only"),
    "mode_name.shared": ("escritorio compartido", "shared desktop"),
    "mode_name.full": ("control completo", "full control"),
    "mode_name.administrator": ("administrador", "administrator"),
    "mode_name.demo": ("demostración", "demonstration"),
}
