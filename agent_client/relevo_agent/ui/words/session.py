"""The window, the banner and the terminal in an ordinary session."""

from typing import Final

TABLE: Final[dict[str, tuple[str, str]]] = {
    "app.title": (
        "Relevo · Ayuda a distancia",
        "Relevo · Remote help",
    ),
    "code.heading": (
        "Su código",
        "Your code",
    ),
    "code.explain": (
        (
            "Dígalo solo a la persona que le está ayudando y que usted ha llamado. Nadie puede "
            "ver su pantalla hasta que usted lo permita."
        ),
        (
            "Tell it only to the person who is helping you and whom you called. Nobody can see "
            "your screen until you allow it."
        ),
    ),
    "code.reserved": (
        "Su técnico ya tiene las seis primeras cifras: dígale solo las seis últimas.",
        "Your technician has the first six digits already: tell them only the last six.",
    ),
    "code.copy": (
        "Copiar",
        "Copy",
    ),
    "code.copied": (
        "Copiado",
        "Copied",
    ),
    "code.new": (
        "Código nuevo",
        "New code",
    ),
    "code.invite": (
        "Invitar a otro técnico",
        "Invite another technician",
    ),
    "code.expires": (
        "Válido {minutes} min más, para una sola persona",
        "Good for {minutes} more min, for one person",
    ),
    "phase.connecting": (
        "Conectando con el servidor…",
        "Connecting to the server…",
    ),
    "phase.reconnecting": (
        "Se ha perdido la conexión. Volviendo a conectar…",
        "Connection lost. Reconnecting…",
    ),
    "phase.waiting": (
        "Esperando a su técnico",
        "Waiting for your technician",
    ),
    "phase.live": (
        "Sesión en curso",
        "Session in progress",
    ),
    "phase.ended": (
        "La sesión ha terminado. Nadie ve ya su pantalla.",
        "The session has ended. Nobody sees your screen any more.",
    ),
    "ended.never": (
        "No ha habido ninguna conexión. Nadie ha visto su pantalla.",
        "There was no connection. Nobody saw your screen.",
    ),
    "again": (
        "Empezar otra vez",
        "Start again",
    ),
    "close": (
        "Cerrar",
        "Close",
    ),
    "close.ends": (
        "Si cierra esta ventana, termina la sesión.",
        "Closing this window ends the session.",
    ),
    "close.end": (
        "Terminar la sesión",
        "End the session",
    ),
    "close.stay": (
        "Seguir conectado",
        "Stay connected",
    ),
    "people.heading": (
        "Quién está conectado",
        "Who is connected",
    ),
    "people.away": (
        "conexión cortada",
        "connection cut",
    ),
    "people.dismiss": (
        "Quitar acceso",
        "Remove",
    ),
    "people.of": (
        "{name}, de {organisation}",
        "{name} of {organisation}",
    ),
    "banner.watches": (
        "{names} ve su pantalla",
        "{names} sees your screen",
    ),
    "banner.watch": (
        "{names} ven su pantalla",
        "{names} see your screen",
    ),
    "banner.controls": (
        "{names} controla su PC",
        "{names} controls your PC",
    ),
    "banner.away": (
        "{names}: conexión cortada, puede volver",
        "{names}: connection cut, may come back",
    ),
    "banner.and": (
        " y ",
        " and ",
    ),
    "banner.step_down": (
        "Recuperar el control",
        "Take back control",
    ),
    "banner.stop": (
        "Parar",
        "Stop",
    ),
    "report.end": (
        "Avisar y terminar",
        "Report and end",
    ),
    "report.why": (
        (
            "¿No les llamó usted, o le piden dinero o claves? Pulse «Avisar y terminar». No tiene que dar "
            "explicaciones."
        ),
        (
            "Did you not call them, or do they ask for money or passwords? Press “Report and end”. You need "
            "not explain yourself."
        ),
    ),
    "notice.reported": (
        (
            "Ha hecho bien. Todo está cortado: nadie ve ya su pantalla ni puede usar su PC. Hemos enviado su "
            "aviso a los responsables de este servicio. Si le pidieron dinero, claves o datos del banco, "
            "llame ahora a su banco, con el número que está en su tarjeta."
        ),
        (
            "You did the right thing. Everything is cut off: nobody sees your screen or can use your PC any "
            "more. We have sent your report to the people who run this service. If you were asked for money, "
            "passwords or bank details, call your bank now, at the number on your card."
        ),
    ),
    "notice.report_kept": (
        (
            "Ha hecho bien. Todo está cortado: nadie ve ya su pantalla ni puede usar su PC. En ese momento "
            "no había conexión: su aviso está guardado en este PC, en el resumen de la sesión. Si deja "
            "abierto este programa, lo enviará en cuanto vuelva la conexión. Cuénteselo a alguien de su "
            "confianza. Si le pidieron dinero, claves o datos del banco, llame ahora a su banco, con el "
            "número que está en su tarjeta."
        ),
        (
            "You did the right thing. Everything is cut off: nobody sees your screen or can use your PC any "
            "more. There was no connection at that moment: your report is kept on this PC, in the session's "
            "summary. If you leave this program open, it sends it as soon as the connection is back. Tell "
            "somebody whom you trust. If you were asked for money, passwords or bank details, call your bank "
            "now, at the number on your card."
        ),
    ),
    "notice.end_waits": (
        (
            "Aquí ya ha terminado todo. Ahora no hay conexión: si deja abierto este programa, la otra "
            "persona sabrá que usted ha terminado en cuanto vuelva."
        ),
        (
            "Here everything has ended already. There is no connection now: if you leave this program open, "
            "the other person will hear that you have ended it as soon as it is back."
        ),
    ),
    "notice.code_killed": (
        (
            "Se ha escrito tres veces un código que no era. No ha entrado nadie. El código anterior ya no "
            "vale: dé el nuevo solo a la persona a la que usted ha llamado."
        ),
        (
            "A wrong code was typed three times. Nobody came in. The old code no longer works: give the new "
            "one only to the person whom you called."
        ),
    ),
    "notice.identity_mismatch": (
        "Se ha rechazado a una persona: su nombre no coincide con el de su cuenta.",
        "A person was turned away: their name is not the one of their account.",
    ),
    "notice.tampered": (
        "Se ha cortado a {who}: alguien ha alterado los mensajes por el camino. Use otra red.",
        "{who} was cut off: somebody altered messages on the way. Use another network.",
    ),
    "notice.session_lost": (
        "El servidor ha olvidado la sesión. Dé a su técnico el código nuevo.",
        "The server has forgotten the session. Give your technician the new code.",
    ),
    "notice.visitor_lost": (
        (
            "{who} se fue, o se le cortó la conexión, antes de que usted contestara. No ha visto nada. "
            "Si aún quiere su ayuda, dele el código nuevo."
        ),
        (
            "{who} left, or lost the connection, before you answered. They saw nothing. If you still "
            "want their help, give them the new code."
        ),
    ),
    "notice.number_gone": (
        (
            "El número que le dio su técnico ya no vale: ha caducado o ya se usó. Dígale por teléfono el "
            "código completo que aparece aquí."
        ),
        (
            "The number that your technician gave you is no longer good: it has expired or was used. Tell "
            "them the whole code that is shown here."
        ),
    ),
    "notice.relay_busy": (
        "El servidor está ocupado y no da códigos ahora; se vuelve a intentar solo dentro de un minuto.",
        "The server is busy and gives no codes now; it is tried again by itself in a minute.",
    ),
    "notice.relay_full": (
        (
            "El servidor no admite ahora más sesiones, o no más desde su red; se vuelve a intentar solo. Si "
            "en su oficina se ayuda a muchos PC a la vez, dígaselo a su técnico: en el servidor es el ajuste "
            "sessions_per_address."
        ),
        (
            "The server takes no more sessions now, or no more from your network; it is tried again by "
            "itself. If many PCs of your office are being helped at once, tell your technician: on the "
            "server it is the setting sessions_per_address."
        ),
    ),
    "term.code": (
        "Código: {code}   (dura {minutes} min)",
        "Code: {code}   (good for {minutes} min)",
    ),
    "term.ask": (
        "Responda s (sí) o N (no) [{seconds} s, después No]: ",
        "Answer y (yes) or N (no) [{seconds} s, then No]: ",
    ),
    "term.asked_away": (
        "La pregunta ya no hace falta.",
        "The question is no longer needed.",
    ),
    "term.help": (
        (
            "Escriba: parar · avisar (y terminar) · control (tomarlo) · devolver · mirar (que solo miren) "
            "· decir TEXTO · ayuda"
        ),
        (
            "Type: stop · report (and end) · control (take it) · give · watch (let them only watch) · "
            "say TEXT · help"
        ),
    ),
    "term.nobody": (
        "No hay nadie conectado.",
        "Nobody is connected.",
    ),
    "demo.loud": (
        "DEMOSTRACIÓN: los permisos se dan solos. No lo use nunca en un PC real.",
        "DEMONSTRATION: permission is given by itself. Never use this on a real PC.",
    ),
    "demo.short": (
        "DEMOSTRACIÓN · permiso automático",
        "DEMONSTRATION · automatic consent",
    ),
}
