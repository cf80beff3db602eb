"""The users file: both its forms, what is wrong with it, and whom a client may mean."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from spnego._ntlm_raw import crypto as oracle

from secctx.keys.users import Account, Users, UsersError, parse_users

NT, LM = "a4f49c406510bdcab6824ee7c30fd852", "e52cac67419a9a224a3b108f3fa6cb6d"
X = "X" * 32


def only(data: str | bytes) -> Account:
    (account,) = parse_users(data.encode() if isinstance(data, str) else data).accounts
    return account


def names(users: Users, user: str, domain: str, *local: str) -> list[str]:
    return [account.name for account in users.lookup(user, domain, local)]


def test_a_line_is_a_domain_a_user_and_all_the_rest_is_the_password() -> None:
    account = only("LAB:alice:p:a:s s \n")
    assert (account.domain, account.user, account.line) == ("LAB", "alice", 1)
    assert account.secret.nt_hash == oracle.ntowfv1("p:a:s s ")
    assert not account.machine
    assert not account.disabled


def test_comments_blank_lines_a_byte_order_mark_and_crlf_are_read_over() -> None:
    text = "\ufeff# who may log on\r\n\r\n  # LAB:eve:x\r\nLAB:alice:one\r\n \r\n:bob:two\r\n"
    users = parse_users(text.encode())
    assert [(entry.domain, entry.user, entry.line) for entry in users.accounts] == [("LAB", "alice", 4), ("", "bob", 6)]
    assert users.accounts[0].secret.nt_hash == oracle.ntowfv1("one")


def test_a_password_may_be_empty_or_hold_what_only_looks_like_a_line_end() -> None:
    assert only("LAB:alice:").secret.nt_hash == oracle.ntowfv1("")
    assert only("LAB:alice:a\x0b\u2028b").secret.nt_hash == oracle.ntowfv1("a\x0b\u2028b")


@pytest.mark.parametrize(
    "tail", [":[U          ]:LCT-5F5E1000:", ":[U]:LCT-0", "::::", ":", ":Full Name:/home:/bin/sh", ""]
)
def test_a_line_of_smbpasswd_serves_any_domain(tail: str) -> None:
    account = only(f"alice:1000:{LM}:{NT.upper()}{tail}")
    assert (account.domain, account.user, account.disabled, account.machine) == (None, "alice", False, False)
    assert account.secret.nt_hash == bytes.fromhex(NT)
    assert account.secret.lm_hash == bytes.fromhex(LM)


def test_a_user_of_smbpasswd_may_have_a_domain() -> None:
    assert only(f"LAB\\alice:1000:{X}:{NT}:[U]:").name == "LAB\\alice"


@pytest.mark.parametrize("missing", [X, "x" * 32, "*" * 32, "NO PASSWORD" + "X" * 21])
def test_a_hash_that_smbpasswd_leaves_out_is_none(missing: str) -> None:
    account = only(f"alice:1000:{missing}:{missing}:[NU         ]:LCT-0:")
    assert account.secret.nt_hash is None
    assert account.secret.lm_hash is None


@pytest.mark.parametrize(
    ("line", "machine", "disabled"),
    [
        (f"web$:0:{X}:{NT}:[W          ]:", True, False),
        (f"dc:0:{X}:{NT}:[S]:", True, False),
        (f"trust:0:{X}:{NT}:[I]:", True, False),
        (f"web$:0:{X}:{NT}:[U]:", True, False),
        (f"bob:0:{X}:{NT}:[DU]:", False, True),
        ("LAB:WEB$:secret", True, False),
    ],
)
def test_machine_and_disabled_accounts_are_told(line: str, machine: bool, disabled: bool) -> None:
    account = only(line)
    assert (account.machine, account.disabled) == (machine, disabled)


def test_both_forms_stand_in_one_file() -> None:
    users = parse_users(f"LAB:alice:one\nbob:1000:{X}:{NT}:[U]:\n".encode())
    assert [account.name for account in users.accounts] == ["LAB\\alice", "bob"]
    assert users.domains == ("LAB",)


def test_a_user_in_digits_with_colons_in_the_password_is_no_line_of_smbpasswd() -> None:
    account = only("LAB:1234:pass:word")
    assert (account.name, account.secret.nt_hash) == ("LAB\\1234", oracle.ntowfv1("pass:word"))


@pytest.mark.parametrize(
    ("data", "line", "words"),
    [
        (b"LAB:alice:ok\nhunter2\n", 2, "expected DOMAIN:USER:PASSWORD"),
        (b"LAB:hunter2", 1, "expected DOMAIN:USER:PASSWORD"),
        (b"LAB::hunter2", 1, "no user name"),
        (b"\n\nLAB:alice:\xffhunter2", 3, "is not UTF-8"),
        (f"alice:1000:hunter2:{NT}:[U]:LCT-0:".encode(), 1, "32 hex digits"),
        (f":1000:{LM}:{NT}:[U]:hunter2".encode(), 1, "no user name"),
        ("LAB:alice:hunter2".encode("utf-16"), None, "save it as UTF-8"),
    ],
)
def test_an_error_names_the_line_and_tells_nothing_of_it(data: bytes, line: int | None, words: str) -> None:
    with pytest.raises(UsersError, match=words) as caught:
        parse_users(data)
    assert caught.value.line == line
    assert line is None or f"line {line} " in str(caught.value)
    assert "hunter2" not in str(caught.value)
    assert "\n" not in str(caught.value)


@given(
    st.binary(max_size=200)
    | st.lists(st.sampled_from(["LAB", ":", "a", "1", "\n", "\r", "#", X, NT, "[D]", "é"]), max_size=30).map(
        lambda parts: "".join(parts).encode()
    )
)
def test_any_bytes_are_users_or_a_users_error(data: bytes) -> None:
    try:
        users = parse_users(data)
    except UsersError:
        return
    for account in users.accounts:
        assert account.user
        assert account in users.lookup(account.user, account.domain or "")
        assert users.serves(account.domain or "")


def test_what_holds_a_secret_does_not_show_it() -> None:
    users = parse_users(f"LAB:alice:hunter2\nbob:1:{LM}:{NT}:[U]:".encode())
    shown = repr(users) + repr(users.accounts) + repr(users.lookup("alice", "LAB"))
    assert "hunter2" not in shown
    assert NT not in shown
    assert repr(bytes.fromhex(NT)) not in shown


FILE = f"""LAB:alice:one
OTHER:alice:two
:alice:three
carol:1000:{X}:{NT}:[U]:
:dave@lab:four
LAB:böb:five
LAB:alice:six
"""


@pytest.mark.parametrize(
    ("user", "domain", "local", "expected"),
    [
        ("alice", "LAB", (), ["LAB\\alice", "LAB\\alice"]),
        ("ALICE", "lab", (), ["LAB\\alice", "LAB\\alice"]),
        ("alice", "", (), ["alice", "LAB\\alice", "OTHER\\alice", "LAB\\alice"]),
        ("alice", ".", (), ["alice"]),
        ("alice", "WEB", ("web",), ["alice"]),
        ("alice", "WEB", (), []),
        ("alice", "lab.example", (), ["LAB\\alice", "LAB\\alice"]),
        ("alice@LAB", "", (), ["LAB\\alice", "LAB\\alice"]),
        ("alice@lab.example", "", (), ["LAB\\alice", "LAB\\alice"]),
        ("carol", "ANY", (), ["carol"]),
        ("carol@any", "", (), ["carol"]),
        ("dave@lab", "", (), ["dave@lab"]),
        ("dave", "LAB", (), ["dave@lab"]),
        ("BÖB", "lab", (), ["LAB\\böb"]),
        ("eve", "LAB", (), []),
    ],
)
def test_a_client_may_mean(user: str, domain: str, local: tuple[str, ...], expected: list[str]) -> None:
    assert names(parse_users(FILE.encode()), user, domain, *local) == expected


def test_the_domains_served_are_those_that_the_entries_name() -> None:
    users = parse_users(b"LAB:alice:one\nlab:bob:two\n:carol:three\nOther:dave:four\n:eve@third:five\n")
    assert users.domains == ("LAB", "", "Other")
    for domain in ("LAB", "lab", "lab.example", "other", "third", "", "."):
        assert users.serves(domain)
    assert not users.serves("elsewhere")
    assert users.serves("WEB", ["web"])
    assert parse_users(f"carol:1000:{X}:{NT}:[U]:".encode()).serves("elsewhere")
    assert not parse_users(b"").serves("elsewhere")


def test_one_user_is_built_of_a_password_or_an_nt_hash() -> None:
    by_password = Users.single("LAB\\alice", password="Password").accounts[0]
    by_hash = Users.single("alice", "LAB", nt_hash=f" {NT.upper()}\n").accounts[0]
    by_both = Users.single("alice", nt_hash=f"{LM}:{NT}").accounts[0]
    assert by_password.name == by_hash.name == "LAB\\alice"
    assert by_password.secret.nt_hash == by_hash.secret.nt_hash == by_both.secret.nt_hash == bytes.fromhex(NT)
    assert (by_hash.secret.lm_hash, by_both.secret.lm_hash) == (None, bytes.fromhex(LM))
    assert by_both.domain is None
    assert Users.single("WEB$", "LAB", password="x").accounts[0].machine


@pytest.mark.parametrize("nt_hash", ["", "hunter2", NT[:-1], NT + "00", f"hunter2:{NT}", f"{LM}:"])
def test_what_is_no_nt_hash_is_refused_without_repeating_it(nt_hash: str) -> None:
    with pytest.raises(UsersError, match="32 hex digits") as caught:
        Users.single("alice", nt_hash=nt_hash)
    assert "hunter2" not in str(caught.value)


def test_a_user_needs_a_name() -> None:
    with pytest.raises(UsersError, match="no user name"):
        Users.single("LAB\\", password="x")
