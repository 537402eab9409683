"""What is said when something does not work: cause, then remedy."""

from typing import Final

TABLE: Final[dict[str, tuple[str, str]]] = {
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
    "start.invite": (
        "{name} no es un enlace de presentación: deben ser sus dos mitades, separadas por un punto.",
        "{name} is no link of a presentation: it must be its two halves, separated by a point.",
    ),
    "start.floor_unreadable": (
        "No se puede leer {path}, que dice lo que este PC no permite: {why}. Corrija sus permisos.",
        "{path}, which says what this PC does not allow, cannot be read: {why}. Correct its permissions.",
    ),
    "start.floor_toml": (
        "{path} no es TOML válido ({why}). Corríjalo o bórrelo: hasta entonces no se inicia la ayuda.",
        "{path} is not valid TOML ({why}). Correct or delete it: until then no help is started.",
    ),
    "start.floor_section": (
        "{path}: aquí solo puede haber una tabla [{section}], y no «{name}».",
        "{path}: only a table [{section}] may stand here, not '{name}'.",
    ),
    "start.floor_capability": (
        "{path}: «{name}» no es ninguna función conocida, así que no protege de nada. Corríjalo.",
        "{path}: '{name}' is no known capability, so it protects from nothing. Correct it.",
    ),
    "start.floor_policy": (
        "{path}: {name} = «{word}» no dice nada; puede ser {words}.",
        "{path}: {name} = '{word}' says nothing; it may be {words}.",
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
}
