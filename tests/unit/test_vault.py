"""Sealing and keyed digests, while one key takes the place of another."""

from __future__ import annotations

import hashlib
import hmac
import json
from base64 import urlsafe_b64decode

import pytest
from cryptography.fernet import Fernet

from paygate.adapters.vault.keyed import KeyedVault, new_key
from paygate.core.errors import InfrastructureError, OperatorError

OLD, NEW, OTHER = new_key(), new_key(), new_key()
SECRET = {"number": "4111111111111111"}


@pytest.mark.parametrize(
    ("sealing", "opening"),
    [
        ([OLD], [OLD]),
        ([OLD], [NEW, OLD]),
        ([OLD], [OLD, NEW]),
        ([NEW, OLD], [OLD]),
        ([NEW, OLD], [NEW]),
        ([OLD, NEW], [NEW]),
        ([NEW], [NEW, OLD]),
    ],
)
def test_instances_with_a_common_key_open_each_others_texts(sealing, opening):
    sealed = KeyedVault(sealing).seal(SECRET, context="op_1")

    assert KeyedVault(opening).open(sealed, context="op_1") == SECRET


def test_a_sealed_text_contains_nothing_of_its_secret():
    _, *parts = KeyedVault([OLD, NEW]).seal(SECRET, context="op_1").split(".")
    content = b"".join(urlsafe_b64decode(part + "=" * (-len(part) % 4)) for part in parts)

    for text in (SECRET["number"], "number", OLD, NEW):
        assert text.encode() not in content
    assert urlsafe_b64decode(OLD) not in content


@pytest.mark.parametrize(
    ("keys", "context"), [([OTHER], "op_1"), ([OLD], "op_2"), ([OTHER, NEW], "op_1")]
)
def test_a_text_opens_only_with_its_key_and_row(keys, context):
    sealed = KeyedVault([OLD]).seal(SECRET, context="op_1")

    with pytest.raises(InfrastructureError):
        KeyedVault(keys).open(sealed, context=context)


@pytest.mark.parametrize("part", range(4))
def test_a_changed_text_is_refused(part):
    parts = KeyedVault([OLD]).seal(SECRET, context="op_1").split(".")
    parts[part] = parts[part][:-2] + ("AA" if parts[part][-2:] != "AA" else "BB")

    with pytest.raises(InfrastructureError):
        KeyedVault([OLD]).open(".".join(parts), context="op_1")


@pytest.mark.parametrize("text", ["", "v2", "v2.", "v2.a", "v2.a.b", "v2.a.b.c.d", "é", "v2.é.é.é"])
def test_an_invalid_sealed_text_is_refused(text):
    with pytest.raises(InfrastructureError):
        KeyedVault([OLD]).open(text, context="op_1")


def test_texts_of_the_first_version_can_be_opened():
    sealed = Fernet(OLD).encrypt(json.dumps(["op_1", SECRET]).encode()).decode()

    assert KeyedVault([NEW, OLD]).open(sealed, context="op_1") == SECRET
    with pytest.raises(InfrastructureError):
        KeyedVault([NEW, OLD]).open(sealed, context="op_2")
    with pytest.raises(InfrastructureError):
        KeyedVault([NEW]).open(sealed, context="op_1")


def test_fingerprints_are_recognized_by_instances_with_the_old_key():
    old, both, new = (KeyedVault(keys) for keys in ([OLD], [NEW, OLD], [NEW]))
    handed_out = both.fingerprint(b"x", purpose="p")

    assert handed_out in old.digests(b"x", purpose="p")
    assert old.fingerprint(b"x", purpose="p") in both.digests(b"x", purpose="p")
    assert new.fingerprint(b"x", purpose="p") in both.digests(b"x", purpose="p")
    assert not set(new.digests(b"x", purpose="p")) & set(old.digests(b"x", purpose="p"))


def test_digests_of_the_first_version_are_recognized():
    first = hmac.new(urlsafe_b64decode(OLD), b"x", hashlib.sha256).hexdigest()

    assert first in KeyedVault([NEW, OLD]).digests(b"x", purpose="p")
    assert first != KeyedVault([OLD]).fingerprint(b"x", purpose="p")


def test_digests_for_two_purposes_differ():
    vault = KeyedVault([OLD])

    assert vault.fingerprint(b"x", purpose="a") != vault.fingerprint(b"x", purpose="b")


def test_a_sealed_text_names_the_keys_that_open_it():
    vault = KeyedVault([NEW, OLD])
    words = vault.seal(SECRET, context="op_1").split(".")

    assert set(vault.key_ids) < set(words)
    assert NEW not in words
    assert OLD not in words


@pytest.mark.parametrize("key", ["", "short", "é", "c2hvcnQ="])
def test_a_key_of_another_size_is_refused(key):
    with pytest.raises(OperatorError, match="PAYGATE_VAULT_KEY"):
        KeyedVault([key])
