"""Roles, control, chat, presentations, administrator mode: what several people in a session need."""

from typing import Final

TABLE: Final[dict[str, tuple[str, str]]] = {
    "role.lead": ("dirige la ayuda", "leads the help"),
    "role.collaborator": ("colabora", "helps along"),
    "role.supervisor": ("supervisa", "supervises"),
    "role.expert": ("experto de la casa", "in-house expert"),
    "role.external": ("invitado de fuera", "guest from outside"),
    "role.demo_viewer": ("mira la presentación", "watches the presentation"),
    "role.customer": ("usted", "you"),
    "people.somebody": ("Alguien", "Somebody"),
    "people.drives": ("tiene el control", "has the control"),
    "people.allow_marks": ("Puede señalar y dibujar", "May point and draw"),
    "people.may": ("Qué pueden hacer: {what}", "What they may do: {what}"),
    "people.only_watch": ("Que solo miren", "Let them only watch"),
    "token.yours": ("Usted tiene el control", "You have the control"),
    "token.yours_until": (
        "Usted tiene el control; {name} lo recupera en cuanto usted pare",
        "You have the control; {name} has it back as soon as you pause",
    ),
    "token.returns": ("vuelve a {name} en {seconds} s", "goes back to {name} in {seconds} s"),
    "token.returns_you": ("vuelve a usted en {seconds} s", "comes back to you in {seconds} s"),
    "token.take": ("Tomar el control", "Take control"),
    "token.give": ("Devolver el control", "Give it back"),
    "marks.clear": ("Borrar dibujos", "Clear drawings"),
    "grant.until": (
        "Modo administrador hasta las {time} (quedan {left})",
        "Administrator mode until {time} ({left} left)",
    ),
    "hold.until": (
        "La sesión se mantiene abierta hasta las {time} (quedan {left})",
        "The session is kept open until {time} ({left} left)",
    ),
    "hold.nobody": ("Ahora no hay nadie conectado", "Nobody is connected now"),
    "grant.revoke": ("Quitar administrador", "Revoke administrator"),
    "hold.revoke": ("No mantenerla", "Do not keep it"),
    "left.hours": ("{hours} h {minutes} min", "{hours} h {minutes} min"),
    "left.minutes": ("{minutes} min", "{minutes} min"),
    "left.seconds": ("{seconds} s", "{seconds} s"),
    "panic.hint": (
        "También en cualquier momento: Ctrl+Alt+Fin",
        "Also at any moment: Ctrl+Alt+End",
    ),
    "restart.title": ("Reinicio", "Restart"),
    "restart.heading": (
        "Este PC se reiniciará en {seconds} s",
        "This PC will restart in {seconds} s",
    ),
    "restart.explain": (
        (
            "Su técnico ha pedido reiniciar este PC. Guarde ahora lo que tenga abierto. Después del "
            "reinicio la ayuda sigue por sí sola."
        ),
        (
            "Your technician asked to restart this PC. Save what you have open now. After the restart "
            "the help goes on by itself."
        ),
    ),
    "restart.cancel": ("Cancelar el reinicio", "Cancel the restart"),
    "restart.now": ("Este PC se reinicia ahora.", "This PC is restarting now."),
    "chat.heading": ("Chat", "Chat"),
    "chat.unread": ("Chat · {count} sin leer", "Chat · {count} unread"),
    "chat.none": (
        "Aquí puede escribir a quien le ayuda. Todos los conectados lo leen.",
        "Here you can write to who is helping you. Everybody connected reads it.",
    ),
    "chat.you": ("Usted", "You"),
    "chat.send": ("Enviar", "Send"),
    "chat.field": ("Su mensaje", "Your message"),
    "chat.too_long": (
        "Demasiado largo: caben {limit} letras por mensaje.",
        "Too long: a message holds {limit} characters.",
    ),
    "present.heading": ("Su presentación", "Your presentation"),
    "present.waiting": ("Todavía no ha entrado nadie", "Nobody has come in yet"),
    "present.explain": (
        (
            "Envíe este enlace a quien deba verla. Quien lo tenga puede entrar, con un nombre y sin "
            "instalar nada."
        ),
        (
            "Send this link to those who should see it. Whoever has it can come in, with a name and "
            "nothing to install."
        ),
    ),
    "present.link": ("Enlace para entrar", "Link to come in"),
    "present.who": ("Quién la ve ({count} de {limit})", "Who sees it ({count} of {limit})"),
    "present.full": (
        "Está completa: nadie más puede entrar hasta que alguien salga.",
        "It is full: nobody else can come in until somebody leaves.",
    ),
    "present.stop": ("Dejar de presentar", "Stop presenting"),
    "present.banner": ("Está mostrando su pantalla a {names}", "You are showing your screen to {names}"),
    "present.banner_nobody": (
        "Presentación abierta: nadie la ve todavía",
        "Presentation open: nobody sees it yet",
    ),
    "banner.shows": (
        "{names} le enseña su pantalla; la de usted no se muestra",
        "{names} shows you their screen; yours is not shown",
    ),
    "banner.along": ("{names} también está en la sesión", "{names} is in the session too"),
    "banner.along_many": ("{names} también están en la sesión", "{names} are in the session too"),
    "veto.title": ("Otra persona entra", "Another person is coming in"),
    "veto.joins": (
        "{name} entra también en la sesión",
        "{name} joins the session too",
    ),
    "veto.colleague": ("Es compañero de {organisation}", "A colleague from {organisation}"),
    "veto.colleague_plain": ("Es compañero de su técnico", "A colleague of your technician"),
    "veto.countdown": (
        "Si no dice nada, entra en {seconds} s.",
        "Without a word from you they come in in {seconds} s.",
    ),
    "veto.away": ("No dejar entrar", "Turn away"),
    "veto.fine": ("De acuerdo", "Fine"),
    "notice.lead_changed": (
        "Ahora dirige la ayuda {who}.",
        "{who} leads the help from now on.",
    ),
    "notice.taken_over": (
        "{who} supervisa y ha tomado la dirección de la ayuda. Motivo: {why}",
        "{who} supervises and has taken over the lead. The reason: {why}",
    ),
    "notice.joined": ("{who} ha entrado en la sesión.", "{who} has joined the session."),
    "notice.paused_by_you": (
        "Ha usado el ratón o el teclado: la otra persona espera.",
        "You used mouse or keyboard: the other person is waiting.",
    ),
    "notice.control_back": ("El control ha vuelto a {who}.", "Control is back with {who}."),
    "notice.micro_handover": (
        "{who} toma el control durante un minuto para enseñar algo; después vuelve por sí solo.",
        "{who} takes control for a minute to show something; then it goes back by itself.",
    ),
    "notice.restart_off": ("El reinicio se ha cancelado.", "The restart was called off."),
    "notice.grant_ended": (
        "El modo administrador ha terminado.",
        "Administrator mode has ended.",
    ),
    "ended.receipt": ("Ver qué ha pasado", "See what happened"),
    "ended.receipt_why": (
        "Una hoja con quién estuvo, qué se vio y qué se hizo. Queda solo en este PC.",
        "A page with who was there, what was seen and what was done. It stays on this PC only.",
    ),
    "term.ask_ticks": (
        "  Además, si usted lo marca:",
        "  In addition, if you tick it:",
    ),
    "term.ask_how": (
        "«s» solo lo de arriba · «s 1 3» también esos puntos · «s todo» todos menos la grabación",
        "“y” only the above · “y 1 3” these points too · “y all” all but the recording",
    ),
    "term.veto": (
        "Si no quiere que entre, escriba: fuera   [{seconds} s]",
        "If you do not want them in, type: away   [{seconds} s]",
    ),
    "term.receipt": ("Lo que ha pasado, para leerlo: {path}", "What happened, to be read: {path}"),
    "term.link": ("Enlace para ver la presentación: {link}", "Link to see the presentation: {link}"),
    "term.chat": ("[{name}] {text}", "[{name}] {text}"),
    "term.restart": (
        "!! Este PC se reiniciará en {seconds} s. Para impedirlo escriba: cancelar",
        "!! This PC will restart in {seconds} s. To prevent it type: cancel",
    ),
    "term.help_more": (
        (
            "nuevo (otro código) · quitar N (persona) · dibujar N / nodibujar N (presentación) · borrar "
            "(dibujos) · cancelar (el reinicio) · retirar (modo administrador) · salir"
        ),
        (
            "new (another code) · remove N (a person) · draw N / nodraw N (presentation) · clear "
            "(drawings) · cancel (the restart) · revoke (administrator mode) · quit"
        ),
    ),
    "term.no_such": (
        "No hay nadie con el número {number}.",
        "There is nobody with the number {number}.",
    ),
}
