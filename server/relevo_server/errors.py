"""What the HTTP API refuses, in words for people.

Refusal(Exception)      carries a Fault; becomes {"error": {code, message, remedy}}
Fault                   a row of the table below: status, code, texts in English and Spanish
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace


@dataclass(frozen=True)
class Text:
    """One sentence in the two languages of the product."""

    en: str
    es: str

    def as_json(self) -> dict[str, str]:
        """The form of the API."""
        return {"en": self.en, "es": self.es}


@dataclass(frozen=True)
class Fault:
    """A kind of refusal: HTTP status, stable code, what was wrong, what to do."""

    status: int
    code: str
    message: Text
    remedy: Text

    more: Mapping[str, object] = field(default_factory=dict[str, object])
    """Further fields of the answer's `error`, for the page to act upon."""

    def as_json(self, where: str | None = None) -> dict[str, object]:
        """The body of the answer; `where` names the offending field."""
        error: dict[str, object] = {
            "code": self.code,
            "message": self.message.as_json(),
            "remedy": self.remedy.as_json(),
            **self.more,
        }
        if where is not None:
            error["where"] = where
        return {"error": error}


class Refusal(Exception):
    """A request that is refused; `retry_after_s` becomes the header of that name."""

    def __init__(self, fault: Fault, *, where: str | None = None, retry_after_s: int | None = None) -> None:
        super().__init__(fault.code)
        self.fault = fault
        self.where = where
        self.retry_after_s = retry_after_s


WRONG_SIGN_IN = Fault(
    401,
    "wrong_sign_in",
    Text("The name or the password is wrong.", "El nombre o la contraseña no son correctos."),
    Text(
        "Check both and try again; an administrator can set a new password.",
        "Revíselos e inténtelo de nuevo; un administrador puede poner una contraseña nueva.",
    ),
)
WRONG_LINK = Fault(
    401,
    "wrong_link",
    Text("This sign-in link has been used or has expired.", "Este enlace de acceso ya se usó o ha caducado."),
    Text("Ask for a new link, or sign in by name.", "Pida un enlace nuevo o entre con su nombre."),
)
NOT_SIGNED_IN = Fault(
    401,
    "not_signed_in",
    Text("You are not signed in, or your sign-in has ended.", "No ha iniciado sesión o su sesión terminó."),
    Text("Sign in again.", "Inicie sesión de nuevo."),
)
TOO_MANY = Fault(
    429,
    "too_many_attempts",
    Text("There were too many attempts.", "Ha habido demasiados intentos."),
    Text(
        "Wait a minute, then try again.",
        "Espere un minuto e inténtelo de nuevo.",
    ),
)
FOREIGN_ORIGIN = Fault(
    403,
    "foreign_origin",
    Text(
        "The request does not come from a page of this server.",
        "La petición no procede de una página de este servidor.",
    ),
    Text(
        "Open the server's own address; its administrator may have to set public_origin.",
        "Abra la dirección propia del servidor; quizá el administrador deba ajustar public_origin.",
    ),
)
UNDECLARED_PEER = Fault(
    403,
    "undeclared_peer",
    Text(
        "This server answers only to its declared reverse proxy.",
        "Este servidor solo responde a su proxy inverso declarado.",
    ),
    Text(
        "Use the public address; the administrator can declare the proxy in behind_proxy.",
        "Use la dirección pública; el administrador puede declarar el proxy en behind_proxy.",
    ),
)
NOT_JSON = Fault(
    415,
    "not_json",
    Text("The body must be application/json.", "El cuerpo debe ser application/json."),
    Text("Send JSON with that content type.", "Envíe JSON con ese tipo de contenido."),
)
TOO_LARGE = Fault(
    413,
    "too_large",
    Text("The body is too large.", "El cuerpo es demasiado grande."),
    Text("Send at most 16 KiB.", "Envíe como máximo 16 KiB."),
)
INVALID = Fault(
    422,
    "invalid_request",
    Text(
        "A field is missing or has a value that cannot be used.",
        "Falta un campo o tiene un valor que no se puede usar.",
    ),
    Text("Correct the field named in 'where'.", "Corrija el campo indicado en 'where'."),
)
NOT_FOUND = Fault(
    404,
    "not_found",
    Text("There is nothing at this address.", "No hay nada en esta dirección."),
    Text("Check the address.", "Revise la dirección."),
)
WRONG_METHOD = Fault(
    405,
    "wrong_method",
    Text(
        "This address does not take this kind of request.", "Esta dirección no admite este tipo de petición."
    ),
    Text("Use the method named in 'Allow'.", "Use el método indicado en 'Allow'."),
)
FORBIDDEN = Fault(
    403,
    "forbidden",
    Text("You may not do this.", "No tiene permiso para hacer esto."),
    Text("Ask an administrator.", "Consulte con un administrador."),
)
INTERNAL = Fault(
    500,
    "internal",
    Text("Something went wrong on the server.", "Algo falló en el servidor."),
    Text(
        "Try again; if it persists, give the administrator the request id.",
        "Inténtelo de nuevo; si persiste, dé el identificador de la petición al administrador.",
    ),
)
WRONG_CODE = Fault(
    401,
    "wrong_code",
    Text(
        "This code is wrong, has been used, or has expired.",
        "Este código no es correcto, ya se usó o caducó.",
    ),
    Text(
        "Enter the code that your app shows now; its clock must be right. A recovery code works once.",
        "Escriba el código que su aplicación muestra ahora; su reloj debe ir bien. Un código de recuperación "
        "sirve una sola vez.",
    ),
)
TOTP_LOCKED = Fault(
    403,
    "totp_locked",
    Text(
        "There were too many wrong codes, so codes of the authenticator app do not count for now.",
        "Hubo demasiados códigos erróneos, así que los de la aplicación no valen por ahora.",
    ),
    Text(
        "Sign in with a recovery code or a passkey, and they count again; an administrator can help too. "
        "If it was not you who tried, change your password.",
        "Entre con un código de recuperación o una clave de acceso y volverán a valer; un administrador "
        "también puede ayudarle. Si no fue usted quien probó, cambie su contraseña.",
    ),
)
WRONG_STEP = Fault(
    401,
    "wrong_step",
    Text(
        "This sign-in took too long or was tried too often.",
        "Este acceso tardó demasiado o se intentó demasiado.",
    ),
    Text("Begin again with name and password.", "Empiece de nuevo con nombre y contraseña."),
)
PASSKEY_FAILED = Fault(
    401,
    "passkey_failed",
    Text("The passkey could not be verified.", "No se pudo comprobar la clave de acceso."),
    Text(
        "Try again with a passkey of this account, or choose another way.",
        "Inténtelo otra vez con una clave de acceso de esta cuenta, o elija otra forma.",
    ),
)
REAUTH_NEEDED = Fault(
    401,
    "reauth_needed",
    Text("Please confirm that it is you.", "Confirme que es usted, por favor."),
    Text(
        "Confirm with your password, code or passkey, then repeat what you were doing.",
        "Confirme con su contraseña, código o clave de acceso y repita lo que estaba haciendo.",
    ),
)
SECOND_FACTOR_NEEDED = Fault(
    403,
    "second_factor_needed",
    Text(
        "Your organisation asks for a second factor, and your account has none yet.",
        "Su organización pide un segundo factor y su cuenta aún no tiene ninguno.",
    ),
    Text(
        "Add an authenticator app or a passkey under Account.",
        "Añada una aplicación de códigos o una clave de acceso en Cuenta.",
    ),
)
OIDC_ONLY = Fault(
    403,
    "oidc_only",
    Text(
        "Your organisation signs in through its own sign-in service.",
        "Su organización entra por su propio servicio de acceso.",
    ),
    Text("Use that button on the sign-in page.", "Use ese botón en la página de acceso."),
)
OIDC_FAILED = Fault(
    401,
    "oidc_failed",
    Text(
        "Your organisation's sign-in service was of no help.",
        "El servicio de acceso de su organización no respondió bien.",
    ),
    Text(
        "Try again; if it persists, tell the administrator, whose log says why.",
        "Inténtelo de nuevo; si persiste, avise al administrador: su registro dice por qué.",
    ),
)
NOT_CONFIGURED = Fault(
    404,
    "not_configured",
    Text("This server has not been set up for that.", "Este servidor no está preparado para eso."),
    Text(
        "Choose another way, or ask the administrator.", "Elija otra forma o consulte con el administrador."
    ),
)
UNAVAILABLE = Fault(
    503,
    "unavailable",
    Text(
        "The server cannot keep its records at the moment.",
        "El servidor no puede guardar sus registros ahora mismo.",
    ),
    Text("Try again in a minute.", "Inténtelo de nuevo en un minuto."),
)
BUSY = Fault(
    503,
    "busy",
    Text(
        "Too many people are signing in at this moment.",
        "En este momento hay demasiadas personas entrando.",
    ),
    Text("Try again in a few seconds.", "Inténtelo de nuevo en unos segundos."),
)
LAST_ADMINISTRATOR = Fault(
    409,
    "last_administrator",
    Text(
        "This would leave the organisation without an administrator, or take away your own rights.",
        "Esto dejaría a la organización sin administrador, o le quitaría sus propios permisos.",
    ),
    Text("Let another administrator do it.", "Pida a otro administrador que lo haga."),
)
LAST_FACTOR = Fault(
    409,
    "last_factor",
    Text(
        "Your organisation asks for a second factor, and this is your last one.",
        "Su organización pide un segundo factor y este es el último que le queda.",
    ),
    Text("Add another one first, then remove this one.", "Añada otro antes y quite después este."),
)
TAKEN = Fault(
    409,
    "taken",
    Text("This name or key is in use already.", "Este nombre o esta clave ya se usa."),
    Text("Choose another one.", "Elija otro."),
)
TOO_MANY_KEPT = Fault(
    409,
    "too_many_kept",
    Text("There are too many of these already.", "Ya hay demasiados."),
    Text("Remove one first.", "Quite uno antes."),
)
WEAK_PASSWORD = Fault(
    422,
    "weak_password",
    Text("This password is too easy to guess.", "Esta contraseña es demasiado fácil de adivinar."),
    Text("Choose a longer one that nobody would think of.", "Elija una más larga en la que nadie pensaría."),
)
EVERY_FAULT = (
    WRONG_SIGN_IN, WRONG_LINK, NOT_SIGNED_IN, TOO_MANY, FOREIGN_ORIGIN, UNDECLARED_PEER, NOT_JSON, TOO_LARGE,
    INVALID, NOT_FOUND, WRONG_METHOD, FORBIDDEN, INTERNAL, WRONG_CODE, TOTP_LOCKED, WRONG_STEP,
    PASSKEY_FAILED, REAUTH_NEEDED, SECOND_FACTOR_NEEDED, OIDC_ONLY, OIDC_FAILED, NOT_CONFIGURED, UNAVAILABLE,
    BUSY, LAST_ADMINISTRATOR, LAST_FACTOR, TAKEN, TOO_MANY_KEPT, WEAK_PASSWORD,
)  # fmt: skip


def too_many(wait_s: int) -> Refusal:
    """The refusal of one attempt too many; its remedy says how long to wait."""
    plural = "" if wait_s == 1 else "s"
    remedy = Text(
        f"Wait {wait_s} second{plural}, then try again.",
        f"Espere {wait_s} segundo{plural} e inténtelo de nuevo.",
    )
    return Refusal(replace(TOO_MANY, remedy=remedy), retry_after_s=wait_s)


def reauth_needed(methods: Sequence[str]) -> Refusal:
    """The refusal of an act whose sign-in was proved too long ago; the answer lists how to prove it anew."""
    return Refusal(replace(REAUTH_NEEDED, more={"methods": list(methods)}))


def weak_password(why: Text) -> Refusal:
    """The refusal of a new password, with what is wrong with it."""
    return Refusal(replace(WEAK_PASSWORD, message=why), where="new")


def fault_of_status(status: int) -> Fault:
    """The fault for a status that the framework raised by itself."""
    by_status = {404: NOT_FOUND, 405: WRONG_METHOD, 413: TOO_LARGE, 415: NOT_JSON, 403: FORBIDDEN}
    return by_status.get(status, INVALID if status < 500 else INTERNAL)
