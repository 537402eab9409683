"""Every word that a customer reads, in Spanish and English, in one table; ``texts`` chooses among them."""

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
        "Connecting to the relay…",
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
    "consent.title": (
        "Permiso para la ayuda a distancia",
        "Permission for remote help",
    ),
    "consent.heading": (
        "¿Permite que vean su pantalla?",
        "Let this person see your screen?",
    ),
    "consent.heading_control": (
        "¿Permite que vean y controlen su PC?",
        "Let this person see and control your PC?",
    ),
    "consent.heading_step_up": (
        "¿Permite también que controlen su PC?",
        "Let this person control your PC too?",
    ),
    "consent.no_organisation": (
        "sin organización",
        "no organisation",
    ),
    "consent.warning_heading": (
        "¿Ha pedido usted esta ayuda?",
        "Did you ask for this help?",
    ),
    "consent.warning": (
        (
            "Un banco, Microsoft o la policía nunca llaman para entrar en su PC. Si alguien le ha"
            " llamado sin que usted lo pidiera, pulse No y cuelgue."
        ),
        (
            "Banks, Microsoft or the police never call you to get into your PC. If somebody "
            "called you without being asked, press No and hang up."
        ),
    ),
    "consent.can": (
        "Qué podrá hacer",
        "What they will be able to do",
    ),
    "consent.can_stop": (
        "Puede pararlo cuando quiera con el botón Parar.",
        "You can stop it at any time with the Stop button.",
    ),
    "consent.no": (
        "No",
        "No",
    ),
    "consent.yes": (
        "Sí, permitir",
        "Yes, allow",
    ),
    "consent.countdown": (
        "Sin respuesta en {seconds} s, será No.",
        "Without an answer in {seconds} s it is No.",
    ),
    "mode.observer": (
        "Solo ver su pantalla, sin tocar nada.",
        "Only see your screen, without touching anything.",
    ),
    "mode.shared": (
        "Ver su pantalla y usar el ratón y el teclado junto con usted; usted tiene preferencia.",
        "See your screen and use mouse and keyboard together with you; you come first.",
    ),
    "mode.full": (
        "Ver su pantalla y usar el ratón y el teclado como si estuviera sentado delante.",
        "See your screen and use mouse and keyboard as if they sat in front of it.",
    ),
    "mode.administrator": (
        "Controlar su PC, también como administrador y tras un reinicio.",
        "Control your PC, also as administrator and after a restart.",
    ),
    "mode.demo": (
        "Enseñarle la pantalla del técnico.",
        "Show you the technician's screen.",
    ),
    "notice.code_killed": (
        ("Alguien ha probado tres códigos equivocados. El código anterior ya no vale: use el nuevo."),
        "Somebody tried three wrong codes. The old code no longer works: use the new one.",
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
        "The relay has forgotten the session. Give your technician the new code.",
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
        "El servidor está ocupado y no da códigos ahora; se vuelve a intentar en un minuto.",
        "The relay is busy and gives no codes now; it is being tried again in a minute.",
    ),
    "fail.cert_unknown": (
        (
            "El certificado del servidor lo firma una autoridad que este PC no conoce, así que no"
            " es seguro que sea el servidor verdadero. Pida a su técnico el archivo de su "
            "autoridad e indíquelo con --ca ARCHIVO."
        ),
        (
            "The relay's certificate is signed by an authority that this PC does not know, so it "
            "may not be the real relay. Ask your technician for the file of their authority and "
            "name it with --ca FILE."
        ),
    ),
    "fail.cert_name": (
        (
            "El certificado del servidor es para otra dirección. Compruebe la dirección; si es "
            "correcta, avise a su técnico y no siga."
        ),
        (
            "The relay's certificate is for another address. Check the address; if it is right, "
            "tell your technician and go no further."
        ),
    ),
    "fail.cert_expired": (
        (
            "El certificado del servidor no es válido en esta fecha. Compruebe el reloj de este "
            "PC; si va bien, avise a su técnico."
        ),
        (
            "The relay's certificate is not valid at this date. Check the clock of this PC; if it"
            " is right, tell your technician."
        ),
    ),
    "fail.cert_other": (
        ("El certificado del servidor no se puede aceptar. Avise a su técnico; el registro dice por qué."),
        "The relay's certificate cannot be accepted. Tell your technician; the log says why.",
    ),
    "fail.name_unknown": (
        "No se encuentra el servidor. Compruebe la dirección y la conexión a Internet.",
        "The relay cannot be found. Check the address and the Internet connection.",
    ),
    "fail.unreachable": (
        "El servidor no responde. Compruebe la conexión a Internet; se vuelve a intentar.",
        "The relay does not answer. Check the Internet connection; it is being tried again.",
    ),
    "fail.proxy": (
        "El proxy de su red no deja pasar. Pida a quien la administra que permita WebSocket.",
        "Your network's proxy does not let us through. Ask its administrator to allow WebSocket.",
    ),
    "fail.not_a_relay": (
        "En esa dirección no responde un servidor de Relevo. Compruebe la dirección.",
        "There is no Relevo relay at that address. Check the address.",
    ),
    "fail.busy": (
        "El servidor está ocupado; se vuelve a intentar.",
        "The relay is busy; it is being tried again.",
    ),
    "start.address": (
        "{server}: eso no es la dirección de un servidor; se escribe como https://relay.example",
        "{server}: this is no relay's address; it looks like https://relay.example",
    ),
    "start.address_only": (
        "{server}: indique solo la dirección del servidor, sin ruta, usuario ni código.",
        "{server}: give the relay's address alone, without path, sign-in or code.",
    ),
    "start.address_https": (
        "{server}: un servidor en otro equipo necesita https://; http sin cifrar no es secreto.",
        "{server}: a relay on another machine needs https://; plain http is not secret.",
    ),
    "start.ca_missing": (
        "{path}: no existe; --ca indica el certificado de la autoridad del servidor (PEM).",
        "{path}: no such file; --ca names the relay's CA certificate (PEM).",
    ),
    "start.ca_unreadable": (
        "{path}: no contiene un certificado legible ({why}); --ca espera un archivo PEM.",
        "{path}: holds no readable certificate ({why}); --ca takes a PEM file.",
    ),
    "start.state": (
        "{path}: no se puede usar ({why}); elija otro lugar con --state-dir.",
        "{path}: cannot be used ({why}); choose another place with --state-dir.",
    ),
    "start.key_broken": (
        "{path} no es una clave de dispositivo; apártela y se hará una nueva.",
        "{path} is no device key; move it away and a new one is made.",
    ),
    "start.key_public": (
        "Otros usuarios pueden leer {path}; hágala privada: chmod 600 {path}",
        "{path} can be read by others; make it private: chmod 600 {path}",
    ),
    "no_window": (
        "Sin ventana: todo se muestra y se pregunta en esta terminal ({why}).",
        "No window: everything is shown and asked on this terminal ({why}).",
    ),
    "no_input": (
        "Este escritorio no admite control a distancia: {why}",
        "This desktop cannot be controlled from afar: {why}",
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
        "Escriba: parar · control (recuperarlo) · nuevo (otro código)",
        "Type: stop · control (take it back) · new (another code)",
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
"""The text of each key: Spanish, then English."""
