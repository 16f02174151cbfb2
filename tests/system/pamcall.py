# SPDX-License-Identifier: BSD-2-Clause
"""libpam itself, called as a program would: for the very PAM codes."""

import ctypes

_pam = ctypes.CDLL("libpam.so.0")
_libc = ctypes.CDLL(None)
_libc.calloc.restype = ctypes.c_void_p
_libc.strdup.restype = ctypes.c_void_p

SUCCESS, AUTH_ERR, AUTHINFO_UNAVAIL, USER_UNKNOWN = 0, 7, 9, 10
PROMPT_ECHO_OFF, PROMPT_ECHO_ON = 1, 2
RHOST = 4
ESTABLISH_CRED, DELETE_CRED = 2, 4


class _Message(ctypes.Structure):
    _fields_ = [("style", ctypes.c_int), ("text", ctypes.c_char_p)]


class _Response(ctypes.Structure):
    _fields_ = [("text", ctypes.c_void_p), ("code", ctypes.c_int)]


_CONVERSE = ctypes.CFUNCTYPE(
    ctypes.c_int, ctypes.c_int,
    ctypes.POINTER(ctypes.POINTER(_Message)),
    ctypes.POINTER(ctypes.POINTER(_Response)), ctypes.c_void_p)


class _Conversation(ctypes.Structure):
    _fields_ = [("converse", _CONVERSE), ("data", ctypes.c_void_p)]


class Pam:
    """One PAM handle.  told: what the modules said to the person."""

    def __init__(self, service, user, secret, rhost=None):
        self.told = []
        self._secret = secret.encode()
        self._conversation = _Conversation(_CONVERSE(self._converse), None)
        self._handle = ctypes.c_void_p()
        code = _pam.pam_start(service.encode(), user.encode(),
                              ctypes.byref(self._conversation),
                              ctypes.byref(self._handle))
        if code != SUCCESS:
            raise RuntimeError(f"pam_start: {code}")
        if rhost:
            _pam.pam_set_item(self._handle, RHOST, rhost.encode())

    def _converse(self, count, messages, responses, _data):
        size = ctypes.sizeof(_Response)
        answers = ctypes.cast(_libc.calloc(count, size),
                              ctypes.POINTER(_Response))
        for number in range(count):
            message = messages[number].contents
            if message.style in (PROMPT_ECHO_OFF, PROMPT_ECHO_ON):
                answers[number].text = _libc.strdup(self._secret)
            else:
                self.told.append(message.text.decode())
        responses[0] = answers
        return SUCCESS

    def authenticate(self):
        return _pam.pam_authenticate(self._handle, 0)

    def account(self):
        return _pam.pam_acct_mgmt(self._handle, 0)

    def open_session(self):
        return (_pam.pam_setcred(self._handle, ESTABLISH_CRED)
                or _pam.pam_open_session(self._handle, 0))

    def close_session(self):
        return (_pam.pam_close_session(self._handle, 0)
                or _pam.pam_setcred(self._handle, DELETE_CRED))

    def end(self, code=SUCCESS):
        _pam.pam_end(self._handle, code)


def authenticate(service, user, secret, rhost=None):
    """(code of pam_authenticate, what the person was told)"""
    pam = Pam(service, user, secret, rhost)
    code = pam.authenticate()
    pam.end(code)
    return code, " ".join(pam.told)
