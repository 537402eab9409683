"""What is said when something does not work: cause, then remedy."""

from typing import Final

TABLE: Final[dict[str, tuple[str, str]]] = {
    "fail.cert_unknown": (
        (
            "No se ha conectado y nadie ha visto nada: este PC no conoce a la autoridad que firma el "
            "certificado del servidor, así que no es seguro que sea el verdadero. No es culpa suya. Llame a "
            "quien le ayuda, a un número que usted ya tenía, y léale esto; si el servidor es suyo, le dará "
            "el archivo de su autoridad (--ca ARCHIVO)."
        ),
        (
            "Nothing was connected and nobody saw anything: this PC does not know the authority that signs "
            "the server's certificate, so it may not be the real one. It is no fault of yours. Call whoever "
            "helps you, at a number that you had before, and read this to them; if the server is theirs, "
            "they will give you their authority's file (--ca FILE)."
        ),
    ),
    "fail.cert_name": (
        (
            "No se ha conectado y nadie ha visto nada: el certificado del servidor es para otra dirección. "
            "Compruebe la dirección; si es correcta, no siga y llame a quien le ayuda, a un número que usted "
            "ya tenía."
        ),
        (
            "Nothing was connected and nobody saw anything: the server's certificate is for another address. "
            "Check the address; if it is right, go no further and call whoever helps you, at a number that "
            "you had before."
        ),
    ),
    "fail.cert_expired": (
        (
            "No se ha conectado: el certificado del servidor no es válido en esta fecha. Compruebe el reloj "
            "de este PC; si va bien, dígaselo a quien le ayuda."
        ),
        (
            "Nothing was connected: the server's certificate is not valid at this date. Check the clock of "
            "this PC; if it is right, tell whoever helps you."
        ),
    ),
    "fail.cert_other": (
        (
            "No se ha conectado: el certificado del servidor no se puede aceptar. Dígaselo a quien le ayuda; "
            "el registro dice por qué."
        ),
        (
            "Nothing was connected: the server's certificate cannot be accepted. Tell whoever helps you; the "
            "log says why."
        ),
    ),
    "fail.name_unknown": (
        (
            "No se encuentra el servidor. Compruebe la conexión a Internet y la dirección; se vuelve a "
            "intentar solo."
        ),
        (
            "The server cannot be found. Check the Internet connection and the address; it is tried again "
            "by itself."
        ),
    ),
    "fail.unreachable": (
        (
            "El servidor no responde. Compruebe la conexión a Internet; se vuelve a intentar solo, no tiene "
            "que hacer nada más."
        ),
        (
            "The server does not answer. Check the Internet connection; it is tried again by itself, you "
            "need do nothing else."
        ),
    ),
    "fail.proxy": (
        "El proxy de su red no deja pasar. Pida a quien la administra que permita WebSocket.",
        "Your network's proxy does not let us through. Ask its administrator to allow WebSocket.",
    ),
    "fail.not_a_relay": (
        "En esa dirección no responde un servidor de Relevo. Compruebe la dirección con quien le ayuda.",
        "No Relevo server answers at that address. Check the address with whoever helps you.",
    ),
    "fail.busy": (
        "El servidor está ocupado; se vuelve a intentar solo.",
        "The server is busy; it is tried again by itself.",
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
        (
            "Sin ventana: todo se muestra y se pregunta en esta terminal ({why}). Para enseñar un "
            "escritorio, inicie el programa desde él."
        ),
        (
            "No window: everything is shown and asked on this terminal ({why}). To show a desktop, start the "
            "program from there."
        ),
    ),
    "no_input": (
        "Este escritorio no admite control a distancia: {why}",
        "This desktop cannot be controlled from afar: {why}",
    ),
}
