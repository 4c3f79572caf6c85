from pathlib import Path

import pytest

from tunescope.tasks.text_file import place, read_lines, read_text


def test_lines_are_numbered_and_end_at_line_feeds_only(write):
    path = write("a.txt", "one\r\ntwo\u2028still two\x85\x0c\n\nfour")
    assert list(read_lines(path)) == [(1, "one"), (2, "two\u2028still two\x85\x0c"), (3, ""), (4, "four")]


def test_last_line_break_makes_no_line(write):
    assert list(read_lines(write("a.txt", "one\n"))) == [(1, "one")]


@pytest.mark.parametrize(
    ("encoding", "content"),
    [("utf-8", b"\xef\xbb\xbfna\xc3\xafve"), ("latin-1", b"na\xefve"), ("utf-16", "naïve".encode("utf-16"))],
)
def test_encodings_and_byte_order_marks(write, encoding, content):
    assert read_text(write("a.txt", content), encoding=encoding) == "naïve"


def test_home_folder(tmp_path, monkeypatch, write):
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("USERPROFILE", str(tmp_path))
    write("a.txt", "one")
    assert read_text("~/a.txt") == "one"


def test_place():
    assert place(Path("a") / "b.tsv", 3) == f"{Path('a') / 'b.tsv'}, line 3"


def test_missing_file_suggests_a_similar_name(write, refusal, tmp_path):
    write("train.tsv", "x")
    message = refusal(read_text, tmp_path / "trian.tsv")
    assert "There is no such file" in message
    assert "trian.tsv" in message
    assert "did you mean 'train.tsv'?" in message


def test_missing_file_without_a_similar_name(refusal, tmp_path):
    assert "check the file's name" in refusal(read_text, tmp_path / "train.tsv")


def test_missing_folder_is_named(refusal, tmp_path):
    message = refusal(read_text, tmp_path / "nowhere" / "train.tsv")
    assert f"there is no folder {str(tmp_path / 'nowhere')!r}" in message


def test_folder_instead_of_file_lists_its_files(write, refusal, tmp_path):
    for i in range(7):
        write(f"{i}.tsv", "x")
    message = refusal(read_text, tmp_path)
    assert "A folder was given instead of a file" in message
    assert "0.tsv, 1.tsv, 2.tsv, 3.tsv, 4.tsv …" in message


def test_empty_folder_instead_of_file(refusal, tmp_path):
    assert "a folder with nothing in it" in refusal(read_text, tmp_path)


def test_unreadable_file(write, refusal, monkeypatch):
    def refuse(path):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "read_bytes", refuse)
    message = refusal(read_text, write("secret.tsv", "x"))
    assert "may not be read" in message
    assert "secret.tsv" in message


@pytest.mark.parametrize("name", ["a\0b", "x" * 5000])
def test_impossible_names(refusal, name):
    assert "cannot be read" in refusal(read_text, name)


@pytest.mark.parametrize(("content", "got"), [("", "0 bytes"), (" \n\n", "nothing but white space")])
def test_empty_file(write, refusal, content, got):
    message = refusal(read_text, write("empty.tsv", content))
    assert "The file is empty" in message
    assert "empty.tsv" in message
    assert got in message


def test_undecodable_bytes_name_line_byte_and_remedy(write, refusal):
    message = refusal(read_text, write("questions.txt", b"one\ntwo\nsister\xf0city\n"))
    assert "not encoded as utf-8" in message
    assert "questions.txt, line 3" in message
    assert "byte 0xf0" in message
    assert 'encoding="latin-1"' in message


def test_undecodable_utf_16(write, refusal):
    assert 'encoding="utf-16"' in refusal(read_text, write("a.txt", "naïve".encode("utf-16")))


def test_undecodable_in_another_encoding_suggests_utf_8(write, refusal):
    assert 'encoding="utf-8"' in refusal(read_text, write("a.txt", b"abc"), encoding="utf-16")


@pytest.mark.parametrize("encoding", ["utf-99", "rot13", "a\0b"])
def test_unknown_encoding(write, refusal, encoding):
    message = refusal(read_text, write("a.txt", "x"), encoding=encoding)
    assert "no such text encoding" in message
    assert repr(encoding) in message
