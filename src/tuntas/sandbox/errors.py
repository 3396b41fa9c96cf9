"""What the sandbox refuses, each with the word a client can act on and the HTTP status that says the same."""

from __future__ import annotations


class SandboxError(Exception):
    """A request that cannot be done; ``code`` is stable, the message is for people."""

    code = "sandbox_error"
    status = 400


class MissingExtraError(SandboxError):
    """A package is not installed that only this needs; the message says how to install it."""

    code = "missing_extra"
    status = 501


class UnknownPhoneError(SandboxError):
    """No phone has this number."""

    code = "unknown_phone"
    status = 404

    def __init__(self, number: str) -> None:
        super().__init__(f"no phone has the number {number}; add it with POST /_sandbox/phones")


class UnknownDeviceError(SandboxError):
    """The phone has no linked device with this id."""

    code = "unknown_device"
    status = 404


class UnknownMessageError(SandboxError):
    """There is no such message between the two phones."""

    code = "unknown_message"
    status = 404


class UnknownFileError(SandboxError):
    """No file has this id, or it was too old to be kept."""

    code = "unknown_file"
    status = 404


class ActRefusedError(SandboxError):
    """This cannot be done to this message."""

    code = "act_refused"
    status = 409


class UnknownGroupError(SandboxError):
    """The phone is in no such group, or the invitation leads nowhere."""

    code = "unknown_group"
    status = 404


class NotAllowedError(SandboxError):
    """Only administrators of the group may do this."""

    code = "not_group_admin"
    status = 403


class NotBusinessError(SandboxError):
    """Only business accounts may do this."""

    code = "not_business"
    status = 403


class UnknownLabelError(SandboxError):
    """The account has no such label."""

    code = "unknown_label"
    status = 404


class UnknownChannelError(SandboxError):
    """No channel has this id or invitation."""

    code = "unknown_channel"
    status = 404


class UnknownCallError(SandboxError):
    """The phone has no such call."""

    code = "unknown_call"
    status = 404


class CallRefusedError(SandboxError):
    """The call cannot be made, or nothing can be done with it any more."""

    code = "call_refused"
    status = 409


class MalformedQrError(SandboxError):
    """The text is not what a QR holds: ref, public key, identity key and secret, separated by commas."""

    code = "malformed_qr"
    status = 422


class UnknownRefError(SandboxError):
    """The ref was never given to a page, or the keys beside it belong to another page."""

    code = "unknown_ref"
    status = 409


class ExpiredRefError(SandboxError):
    """The ref was replaced by a newer one, used already, or its page is gone."""

    code = "expired_ref"
    status = 410


class InvalidRequestError(SandboxError):
    """The request's body or path does not say what is needed."""

    code = "invalid_request"
    status = 422


class ForbiddenError(SandboxError):
    """The control side was asked from elsewhere than this machine, or on behalf of a foreign web page."""

    code = "forbidden"
    status = 403
