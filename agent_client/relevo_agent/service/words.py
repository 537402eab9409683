"""What ``relevo-agent service`` says, in Spanish and English."""

from typing import Final

TABLE: Final[dict[str, tuple[str, str]]] = {
    "not_root": (
        "Hace falta ser administrador: repita la orden con sudo.",
        "This needs the administrator: repeat the command with sudo.",
    ),
    "no_systemd": (
        (
            "Este sistema no arranca con systemd, así que el servicio no se puede instalar aquí. La "
            "ayuda a distancia funciona sin él, salvo el modo administrador."
        ),
        (
            "This system is not started by systemd, so the service cannot be installed here. Remote "
            "help works without it, but not administrator mode."
        ),
    ),
    "no_platform": (
        "El servicio todavía no funciona en {system}.",
        "The service does not run on {system} yet.",
    ),
    "open_folder": (
        (
            "{path} lo puede cambiar quien no es administrador, y el servicio se ejecuta como "
            "administrador. Instale el agente en una carpeta del sistema, por ejemplo bajo /opt, y "
            "repita la orden desde allí."
        ),
        (
            "{path} can be changed by people who are not the administrator, and the service runs as "
            "the administrator. Install the agent into a folder of the system, such as under /opt, "
            "and repeat the command from there."
        ),
    ),
    "no_user": (
        "No hay ningún usuario «{name}» en este PC.",
        "There is no user '{name}' on this PC.",
    ),
    "settings": (
        "No se puede usar el archivo de ajustes: {why}.",
        "The file of settings cannot be used: {why}.",
    ),
    "failed": (
        "No ha funcionado: {why}",
        "It did not work: {why}",
    ),
    "installed": (
        "El servicio está instalado y en marcha. Arranca con el PC, antes de que nadie inicie sesión.",
        "The service is installed and running. It starts with the PC, before anybody signs in.",
    ),
    "installed_again": (
        "El servicio ya estaba instalado; se ha vuelto a arrancar.",
        "The service was installed already; it was started anew.",
    ),
    "allowed": (
        (
            "Pueden usarlo, en una sesión que el cliente haya permitido: {users}. Los programas de "
            "estas personas pueden hacer por él lo que puede el administrador."
        ),
        (
            "It may be used, in a session that the customer has granted, by: {users}. Programs of "
            "these people can do through it what the administrator can."
        ),
    ),
    "no_answer": (
        "El servicio está instalado, pero no responde todavía. Vea: journalctl -u relevo-agent",
        "The service is installed but does not answer yet. See: journalctl -u relevo-agent",
    ),
    "nobody": (
        (
            "Todavía no puede usarlo nadie más que el administrador. Nombre a quien se sienta ante "
            "este PC: relevo-agent service install --allow NOMBRE"
        ),
        (
            "Nobody but the administrator may use it yet. Name who sits at this PC: "
            "relevo-agent service install --allow NAME"
        ),
    ),
    "removed": (
        "El servicio se ha quitado.",
        "The service is removed.",
    ),
    "not_there": (
        "El servicio no está instalado.",
        "The service is not installed.",
    ),
    "status": (
        ("instalado: {installed}; arranca con el PC: {enabled}; en marcha: {running}; responde: {answers}"),
        "installed: {installed}; starts with the PC: {enabled}; running: {running}; answers: {answers}",
    ),
    "may_ask": (
        "Usted puede usarlo.",
        "You may use it.",
    ),
    "may_not_ask": (
        "Usted no puede usarlo: o no está en la lista, o no ha iniciado sesión en este PC.",
        "You may not use it: you are not on the list, or not signed in at this PC.",
    ),
    "yes": (
        "sí",
        "yes",
    ),
    "no": (
        "no",
        "no",
    ),
    "not_yet_run": (
        "Aviso: escrito según la documentación de {system}, pero todavía no probado allí.",
        "Note: written against the documentation of {system}, but not yet run there.",
    ),
}
"""The text of each key: Spanish, then English."""
