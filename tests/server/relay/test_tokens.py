import secrets

from relevo_server.relay.tokens import TokenBook, token_hash


def _book() -> TokenBook[str]:
    return TokenBook[str](secrets.token_bytes)


def test_C3_a_token_leads_to_its_owner_and_only_its_hash_is_held() -> None:
    book = _book()
    token = book.issue("ana")
    assert book.hashes("ana") == token_hash(token)
    assert book.find(token) == "ana"
    assert token not in repr(vars(book))
    assert book.find(token + "x") is None


def test_C4_the_presented_token_stays_good_until_the_fresh_one_has_arrived() -> None:
    book = _book()
    first = book.issue("ana")
    assert book.find(first) == "ana"
    lost = book.issue("ana")
    assert book.find(first) == "ana"  # the welcome with the fresh one was lost
    fresh = book.issue("ana")
    assert book.find(lost) is None
    book.confirm("ana")
    assert book.find(first) is None
    assert book.find(fresh) == "ana"


def test_C4_no_token_that_is_presented_kills_another_before_the_proof() -> None:
    book = _book()
    first = book.issue("ana")
    book.confirm("ana")
    taken = book.issue("ana")
    for _ in range(3):
        assert book.find(taken) == "ana"
        lost = book.issue("ana")
        assert book.find(taken) == "ana"  # the welcome with the later one was lost
        assert book.find(first) == "ana"
        earlier, taken = taken, lost
        assert book.find(taken) == "ana"
        assert book.find(earlier) is None
    proven = book.issue("ana")
    book.confirm("ana")
    assert [book.find(token) for token in (first, taken, proven)] == [None, None, "ana"]
    assert len(book) == 1


def test_revoked_and_restored() -> None:
    book = _book()
    token = book.issue("ana")
    digest = book.hashes("ana")
    book.revoke("ana")
    assert book.find(token) is None
    book.restore("ana", digest)
    assert book.find(token) == "ana"
    book.revoke("nobody")


def test_C4_while_a_welcome_is_on_its_way_every_token_is_restored() -> None:
    before = _book()
    confirmed = before.issue("ana")
    before.confirm("ana")
    presented = before.issue("ana")
    assert before.find(presented) == "ana"
    given = before.issue("ana")
    for token in (confirmed, presented, given):
        after = _book()
        after.restore("ana", before.hashes("ana"))
        assert after.find(token) == "ana"
    before.confirm("ana")
    after = _book()
    after.restore("ana", before.hashes("ana"))
    assert after.find(presented) is None
