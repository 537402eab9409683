"""Error codes of the wire and the errors of this package.

::

    ProtocolError            the peer sent what the wire does not allow
    +-- MalformedError       bytes that do not parse
    +-- LimitError           a bound of ``limits`` was passed
    +-- UnknownTransition    an event that its lifecycle does not know (``lifecycle``)

Errors of the handshake and the sealed channels are in ``crypto.errors``.
"""

from dataclasses import dataclass
from enum import StrEnum


class Fault(StrEnum):
    """Whose fault an error is: it decides who is told what to do."""

    OURS = "ours"
    PEER = "peer"
    USER = "user"


class ErrorCode(StrEnum):
    """What went wrong, as the wire names it (SPEC E1)."""

    MALFORMED = "malformed"
    TOO_LARGE = "too_large"
    UNSUPPORTED_VERSION = "unsupported_version"
    NOT_PERMITTED = "not_permitted"
    UNEXPECTED = "unexpected"
    DEADLINE = "deadline"
    SLOW = "slow"
    TICKET_INVALID = "ticket_invalid"
    RESUME_INVALID = "resume_invalid"
    CODE_WRONG = "code_wrong"
    CODE_DEAD = "code_dead"
    SESSION_FULL = "session_full"
    SESSION_ENDED = "session_ended"
    HOST_GONE = "host_gone"
    CONSENT_DENIED = "consent_denied"
    CONSENT_TIMEOUT = "consent_timeout"
    DESYNC = "desync"
    TAMPERED = "tampered"
    STALE_INPUT = "stale_input"
    REMOVED = "removed"
    REPLACED = "replaced"
    THROTTLED = "throttled"
    ORIGIN_REFUSED = "origin_refused"
    INTERNAL = "internal"
    SHUTTING_DOWN = "shutting_down"


@dataclass(frozen=True, slots=True)
class ErrorText:
    """What a person reads for an error code: cause and remedy in both languages, and whose fault it is."""

    fault: Fault
    cause_en: str
    cause_es: str
    remedy_en: str
    remedy_es: str


ERROR_TEXTS: dict[ErrorCode, ErrorText] = {
    ErrorCode.MALFORMED: ErrorText(
        Fault.PEER,
        "A message could not be understood.",
        "Un mensaje no se pudo entender.",
        "Reconnect; if it happens again, update the older side.",
        "Vuelva a conectar; si se repite, actualice el lado más antiguo.",
    ),
    ErrorCode.TOO_LARGE: ErrorText(
        Fault.PEER,
        "A message was larger than allowed.",
        "Un mensaje era mayor de lo permitido.",
        "Send less at once.",
        "Envíe menos de una vez.",
    ),
    ErrorCode.UNSUPPORTED_VERSION: ErrorText(
        Fault.PEER,
        "The two sides speak different protocol versions.",
        "Los dos lados hablan versiones distintas del protocolo.",
        "Update the older side.",
        "Actualice el lado más antiguo.",
    ),
    ErrorCode.NOT_PERMITTED: ErrorText(
        Fault.USER,
        "The current mode does not permit this.",
        "El modo actual no lo permite.",
        "Ask the customer for a mode that does.",
        "Pida al cliente un modo que lo permita.",
    ),
    ErrorCode.UNEXPECTED: ErrorText(
        Fault.PEER,
        "A message came at a moment when it has no meaning.",
        "Llegó un mensaje en un momento en que no tiene sentido.",
        "Reconnect.",
        "Vuelva a conectar.",
    ),
    ErrorCode.DEADLINE: ErrorText(
        Fault.PEER,
        "The other side did not answer in time.",
        "El otro lado no respondió a tiempo.",
        "Check the connection and try again.",
        "Compruebe la conexión e inténtelo de nuevo.",
    ),
    ErrorCode.SLOW: ErrorText(
        Fault.USER,
        "Your connection is too slow for this session.",
        "Su conexión es demasiado lenta para esta sesión.",
        "Close other downloads or choose a lower quality.",
        "Cierre otras descargas o elija una calidad menor.",
    ),
    ErrorCode.TICKET_INVALID: ErrorText(
        Fault.USER,
        "The permission to join has expired or was already used.",
        "El permiso para entrar ha caducado o ya se usó.",
        "Enter the code again.",
        "Introduzca el código de nuevo.",
    ),
    ErrorCode.RESUME_INVALID: ErrorText(
        Fault.USER,
        "This session can no longer be resumed.",
        "Esta sesión ya no se puede reanudar.",
        "Ask the customer for a new code.",
        "Pida al cliente un código nuevo.",
    ),
    ErrorCode.CODE_WRONG: ErrorText(
        Fault.USER,
        "This code is not valid.",
        "Este código no es válido.",
        "Check the digits with the customer: after ten minutes or three wrong tries they see new ones.",
        "Compruebe los dígitos con el cliente: a los diez minutos o tras tres intentos ve otros nuevos.",
    ),
    ErrorCode.CODE_DEAD: ErrorText(
        Fault.USER,
        "The code was entered wrongly three times and no longer works.",
        "El código se introdujo mal tres veces y ya no funciona.",
        "Ask the customer for the new code on their screen.",
        "Pida al cliente el código nuevo que aparece en su pantalla.",
    ),
    ErrorCode.SESSION_FULL: ErrorText(
        Fault.USER,
        "Five people are already connected.",
        "Ya hay cinco personas conectadas.",
        "Wait until somebody leaves.",
        "Espere a que alguien salga.",
    ),
    ErrorCode.SESSION_ENDED: ErrorText(
        Fault.USER,
        "The session has ended.",
        "La sesión ha terminado.",
        "Ask the customer for a new code to start another.",
        "Pida al cliente un código nuevo para empezar otra.",
    ),
    ErrorCode.HOST_GONE: ErrorText(
        Fault.PEER,
        "The customer's PC is not connected at the moment.",
        "El PC del cliente no está conectado en este momento.",
        "Wait: it comes back by itself when its network does.",
        "Espere: volverá por sí solo cuando vuelva su red.",
    ),
    ErrorCode.CONSENT_DENIED: ErrorText(
        Fault.USER,
        "The customer said no.",
        "El cliente ha dicho que no.",
        "Talk with the customer and ask again if they wish.",
        "Hable con el cliente y vuelva a pedirlo si lo desea.",
    ),
    ErrorCode.CONSENT_TIMEOUT: ErrorText(
        Fault.USER,
        "The customer did not answer within a minute, which counts as no.",
        "El cliente no respondió en un minuto, lo que cuenta como no.",
        "Tell the customer that a question is waiting on their screen, and ask again.",
        "Avise al cliente de que hay una pregunta en su pantalla y vuelva a pedirlo.",
    ),
    ErrorCode.DESYNC: ErrorText(
        Fault.PEER,
        "Messages were lost on the way.",
        "Se perdieron mensajes por el camino.",
        "The session resumes by itself.",
        "La sesión se reanuda por sí sola.",
    ),
    ErrorCode.TAMPERED: ErrorText(
        Fault.PEER,
        "The keys do not match: either the code was wrong, or somebody is tampering with the connection.",
        "Las claves no coinciden: o el código era incorrecto, o alguien manipula la conexión.",
        "Check the code; if it was right, stop and use another network.",
        "Compruebe el código; si era correcto, pare y use otra red.",
    ),
    ErrorCode.STALE_INPUT: ErrorText(
        Fault.USER,
        "The picture was too old to act on, so the click was not carried out.",
        "La imagen era demasiado antigua para actuar sobre ella; el clic no se realizó.",
        "Wait for the picture to move again.",
        "Espere a que la imagen se actualice.",
    ),
    ErrorCode.REMOVED: ErrorText(
        Fault.USER,
        "You were removed from the session.",
        "Le han retirado de la sesión.",
        "Ask the customer if you should join again.",
        "Pregunte al cliente si debe entrar de nuevo.",
    ),
    ErrorCode.REPLACED: ErrorText(
        Fault.USER,
        "This session was opened in another window.",
        "Esta sesión se abrió en otra ventana.",
        "Go on there, or join again here.",
        "Siga allí o vuelva a entrar aquí.",
    ),
    ErrorCode.THROTTLED: ErrorText(
        Fault.USER,
        "Too many attempts.",
        "Demasiados intentos.",
        "Wait a minute and try again.",
        "Espere un minuto e inténtelo de nuevo.",
    ),
    ErrorCode.ORIGIN_REFUSED: ErrorText(
        Fault.PEER,
        "The request came from another website.",
        "La petición vino de otro sitio web.",
        "Open the viewer at the relay's own address.",
        "Abra el visor en la dirección propia del servidor.",
    ),
    ErrorCode.INTERNAL: ErrorText(
        Fault.OURS,
        "Something failed on our side.",
        "Algo ha fallado por nuestra parte.",
        "Try again; if it happens again, tell your administrator the time.",
        "Inténtelo de nuevo; si se repite, diga la hora a su administrador.",
    ),
    ErrorCode.SHUTTING_DOWN: ErrorText(
        Fault.OURS,
        "The relay is restarting.",
        "El servidor se está reiniciando.",
        "Wait: the session resumes by itself.",
        "Espere: la sesión se reanuda por sí sola.",
    ),
}


class ProtocolError(Exception):
    """The peer sent what the wire does not allow; ``code`` is what is answered."""

    code: ErrorCode = ErrorCode.UNEXPECTED

    def __init__(self, detail: str, code: ErrorCode | None = None) -> None:
        super().__init__(detail)
        if code is not None:
            self.code = code


class MalformedError(ProtocolError):
    """Bytes that do not parse."""

    code = ErrorCode.MALFORMED


class LimitError(ProtocolError):
    """A bound of ``limits`` was passed."""

    code = ErrorCode.TOO_LARGE


class UnknownTransition(ProtocolError):
    """An event that its lifecycle does not know; nothing has changed."""

    code = ErrorCode.UNEXPECTED
