"""What can go wrong in the sandbox.

SandboxError
├── SettingsError          the command line or the data folder can't be used
│   ├── ProfilesError      the CSV or YAML of one's own population can't be read
│   └── BehaviourError     no account can behave so
├── CannotBuildError       a model can't be trained and ends ``invalid``
└── ApiError               a request is answered with a status of 4xx
"""


class SandboxError(Exception):
    """Root of every error that the sandbox raises on purpose."""


class SettingsError(SandboxError):
    """The sandbox can't start like this; the message says what to change."""


class ProfilesError(SettingsError):
    """A population file is unusable; the message names file, line, column and remedy."""

    def __init__(self, path: str, line: int, column: int, problem: str, remedy: str) -> None:
        super().__init__(f"{path}, line {line}, column {column}: {problem}. {remedy}")


class BehaviourError(SettingsError):
    """A behaviour is unknown or has no such value; the message names those that there are."""


class CannotBuildError(SandboxError):
    """Training found nothing to work with; the message becomes the model's reason."""


class ApiError(SandboxError):
    """A request is refused.

    Attributes:
        status: HTTP status, 400 to 499.
        code: error code of the Lytics v2 OpenAPI (``lioerrors.ApiV2ErrorOut``).
        message: the sentence that the caller sees.
    """

    status = 400
    code = "BADREQ-001"

    def __init__(self, message: str) -> None:
        super().__init__(message)
        self.message = message


class BadRequestError(ApiError):
    """400: the request's values can't be used."""


class NotAuthorizedError(ApiError):
    """401: no key, or one that nobody has; "Not authorized" in the go-lytics recorded data."""

    status = 401
    code = "UNAUTHORIZED-017"

    def __init__(self) -> None:
        super().__init__("Not authorized")


class ForbiddenError(ApiError):
    """403: the key lacks the permission."""

    status = 403
    code = "FORBIDDEN-026"


class NotFoundError(ApiError):
    """404: no such thing in this account; another account's is no different."""

    status = 404
    code = "NOTFOUND-003"


class MethodNotAllowedError(ApiError):
    """405: the documents know no such method on this path."""

    status = 405

    def __init__(self) -> None:
        super().__init__("Method Not Allowed")


class ConflictError(ApiError):
    """409: the name is taken; v2's list of codes has none for it."""

    status = 409


class RateLimitedError(ApiError):
    """429: more requests a second than ``--rate-limit`` allows."""

    status = 429
    code = "UNKNOWN-000"
