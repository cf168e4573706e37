"""The run of the feedback: keys, encryption, index, complete or not at all, and nothing of one in the pages of another."""

import csv
import hashlib
import os
import re
import stat
import sys
from io import BytesIO

import pikepdf
import pypdfium2
import pytest

from tests.publish import made_feedback as made
from wagekit.builds import feedback_processes, feedback_worker
from wagekit.builds.feedback import published_letters, surveyed
from wagekit.builds.feedback_keys import make_keys, new_key, read_keys
from wagekit.builds.feedback_worker import Order, encrypted
from wagekit.collect.store import open as open_store
from wagekit.errors import InputError, ReleaseError, WagekitWarning
from wagekit.publish.feedback.document import write_letter
from wagekit.publish.feedback.typst_files import set_letter
from wagekit.publish.tables import released_tables

pytestmark = pytest.mark.filterwarnings("ignore::wagekit.errors.WagekitWarning")


@pytest.fixture(scope="module")
def built(tmp_path_factory):
    """All feedback of the made survey: what the run returned, and the keys by enterprise."""
    folder = tmp_path_factory.mktemp("feedback")
    keys = folder / "keys.csv"
    make_keys(keys, surveyed(made.release()))
    result = made.run(folder / "2023", keys=keys)
    with keys.open(encoding="utf-8") as stream:
        return result, {row["enterprise_id"]: row["key"] for row in csv.DictReader(stream)}


@pytest.fixture(scope="module")
def told():
    return made.told()


def index_of(folder):
    with (folder / "index.csv").open(encoding="utf-8-sig", newline="") as stream:
        return list(csv.DictReader(stream))


def pages_of(content, key):
    """The words of each page, read by PDFium, which knows nothing of the library that encrypts."""
    return [page.get_textpage().get_text_bounded() for page in pypdfium2.PdfDocument(content, password=key)]


# -- what is written -------------------------------------------------------------------------------------------------


def test_the_index_lists_every_enterprise_and_nothing_else_is_there(built):
    result, keys = built
    rows = index_of(result.folder)
    assert [row["enterprise_id"] for row in rows] == sorted(made.CODES)
    assert {path.name for path in result.folder.iterdir()} == {"index.csv", *(row["file"] for row in rows)}
    assert published_letters(result.folder) == {row["file"]: row["sha256"] for row in rows}
    assert published_letters(result.folder.parent) is None
    for row, path in zip(rows, result.files, strict=True):
        content = path.read_bytes()
        assert path.name == f"{row['enterprise_id']}.pdf" == row["file"]
        assert row["sha256"] == hashlib.sha256(content).hexdigest()
        assert int(row["pages"]) == len(pages_of(content, keys[row["enterprise_id"]]))
        assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\+00:00", row["made_at"])
    # No temporary folder is left beside it, and no letter in the private one.
    assert {path.name for path in result.folder.parent.iterdir() if path.is_dir()} == {"2023", "2023.builds"}
    assert [path.name for path in (result.folder.parent / "2023.builds").iterdir()] == ["letters.jsonl"]


def test_each_file_opens_with_its_own_key_only(built):
    result, keys = built
    for path in result.files[:3]:
        content = path.read_bytes()
        others = [key for code, key in keys.items() if code != path.stem]
        for wrong in ("", path.stem, *others[:3]):
            with pytest.raises(pikepdf.PasswordError):
                pikepdf.open(BytesIO(content), password=wrong)
            with pytest.raises(pypdfium2.PdfiumError, match="password"):
                pages_of(content, wrong or None)
        with pikepdf.open(BytesIO(content), password=keys[path.stem]) as pdf:
            assert (pdf.encryption.V, pdf.encryption.R, pdf.encryption.bits) == (5, 6, 256)
            assert not pdf.owner_password_matched
            assert pdf.allow.print_highres
            assert pdf.allow.accessibility
            assert not pdf.allow.modify_other
            assert pdf.Root.MarkInfo.Marked
            assert "pdfuaid" in pdf.Root.Metadata.read_bytes().decode()


def test_no_name_or_word_is_readable_without_the_key(built):
    result, _ = built
    for path in result.files:
        content = path.read_bytes()
        for part in (b"pdfuaid", b"FontName", "企业薪酬".encode("utf-16-be"), path.stem.encode()):
            assert part not in content


def test_encryption_keeps_the_pages(told):
    pdf = set_letter(write_letter(told.enterprises[0], told.edition))
    key = new_key()
    sealed, pages = encrypted(pdf, key)
    again, _ = encrypted(pdf, key)
    assert sealed != again  # salts and encryption key are random
    before, after = pages_of(pdf, None), pages_of(sealed, key)
    assert before == after
    assert len(before) == pages


# -- nothing of another enterprise -----------------------------------------------------------------------------------


def figures_of(enterprise):
    """The figures that are an enterprise's own, as they are printed."""
    pay = enterprise.pay
    found = [pay.median, *(row.median for posts in pay.posts for row in posts.rows)]
    found += [value for row in enterprise.growth.rows for value in (row.before, row.after, row.growth)]
    found += [each.own for each in enterprise.indicators]
    return {f"{abs(value):f}" for value in found if value is not None}


def figures_of_the_market(enterprise):
    found = [value for each in enterprise.pay.references for value in each.market]
    found += [value for posts in enterprise.pay.posts for row in posts.rows for value in row.market]
    found += [value for each in enterprise.indicators for value in (each.industry, *each.quartiles)]
    return {f"{abs(value):f}" for value in found if value is not None}


def test_pages_hold_nothing_of_another_enterprise(built, told):
    result, keys = built
    public = set()
    with open_store(made.release().store, read_only=True) as store:
        names = store.enterprises(2023).set_index("enterprise_id")["name"]
        for table in released_tables(made.release(), store).values():
            public |= {f"{cell.value:f}" for row in table.rows for cell in row.cells if cell.value is not None}
    by_code = {each.id: each for each in told.enterprises}
    searched = 0
    for path in result.files:
        text = "\n".join(pages_of(path.read_bytes(), keys[path.stem]))
        numbers = set(re.findall(r"\d+\.\d+", text))
        text = re.sub(r"\s", "", text)
        mine = figures_of(by_code[path.stem]) | figures_of_the_market(by_code[path.stem]) | public
        assert figures_of(by_code[path.stem]) <= numbers
        for code, other in by_code.items():
            if code != path.stem:
                unpublished = figures_of(other) - mine
                searched += len(unpublished)
                assert not unpublished & numbers
                assert code not in text
                assert names[code][:12] not in text
    assert searched > 1_000


def test_no_key_is_anywhere_but_in_the_file_of_keys(built):
    result, keys = built
    held = [(path, path.read_bytes()) for path in result.folder.parent.rglob("*") if path.is_file()]
    for path, content in held:
        if path.name != "keys.csv":
            assert not any(key.encode() in content or key in path.name for key in keys.values())
    order = Order(None, "SECRET-KEY")
    assert "SECRET" not in repr(order)


def test_only_the_encrypted_file_is_opened_for_writing(told, tmp_path):
    written = []
    watching = [True]

    def watch(event, arguments):
        if (
            watching[0]
            and event == "open"
            and isinstance(arguments[2], int)
            and arguments[2] & (os.O_WRONLY | os.O_RDWR)
        ):
            written.append(os.fsdecode(arguments[0]))

    sys.addaudithook(watch)
    try:
        sealed = feedback_worker.sealed(Order(told.enterprises[0], new_key()), told.edition, tmp_path)
    finally:
        watching[0] = False
    assert sealed.problem == ""
    assert written
    assert all(re.fullmatch(rf"\.{sealed.file}\..+\.part", os.path.relpath(path, tmp_path)) for path in written)
    assert [path.name for path in tmp_path.iterdir()] == [sealed.file]


# -- complete or not at all ------------------------------------------------------------------------------------------


@pytest.fixture
def keys(tmp_path):
    path = tmp_path / "keys.csv"
    make_keys(path, made.CODES)
    return path


def test_the_time_in_the_index_can_be_said(tmp_path, keys, monkeypatch):
    made.only(monkeypatch, 0)
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "1700000000")
    result = made.run(tmp_path / "feedback", keys=keys)
    assert index_of(result.folder)[0]["made_at"] == "2023-11-14T22:13:20+00:00"


def test_many_letters_go_through_several_processes(tmp_path, keys, monkeypatch):
    monkeypatch.setattr(feedback_processes, "RECYCLED", 2)
    made.only(monkeypatch, 0, 1, 2)
    assert len(made.run(tmp_path / "feedback", keys=keys).files) == 3


@pytest.mark.parametrize("held", ["letter.pdf", "notes.txt", "index.csv"])
def test_other_work_is_not_replaced(tmp_path, keys, held):
    target = tmp_path / "feedback"
    target.mkdir()
    (target / held).write_text("other work", encoding="utf-8")
    if held == "index.csv":
        (target / "theirs.pdf").write_bytes(b"")
    with pytest.raises(ReleaseError, match="the folder holds other work"):
        made.run(target, keys=keys)
    assert (target / held).read_text(encoding="utf-8") == "other work"
    with pytest.raises(ReleaseError, match="a file of that name"):
        made.run(target / held, keys=keys)


@pytest.mark.parametrize("codes", [["../x"], ["a/b"], ["-x"], [".x"], ["a b"], ["x" * 61], ["ab", "AB"], ["甲"]])
def test_codes_that_are_no_names_of_files_are_refused(monkeypatch, codes):
    class Opened:
        def __enter__(self):
            return self

        def __exit__(self, *_):
            pass

        def enterprises(self, wave):
            return {"enterprise_id": codes}

    monkeypatch.setattr("wagekit.collect.store.open", lambda *_, **__: Opened())
    with pytest.raises(InputError, match="code"):
        surveyed(made.release())


# -- keys ------------------------------------------------------------------------------------------------------------

GOOD = "a,Xk29-Lm4P-77qt\nb,Rw81-Vb3N-20zd\n"


def test_keys_are_made_for_those_that_have_none(tmp_path):
    path = tmp_path / "new" / "keys.csv"
    assert make_keys(path, ["b", "a", "b"]) == 2
    first = path.read_text(encoding="utf-8")
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert make_keys(path, ["a", "b"]) == 0
    assert path.read_text(encoding="utf-8") == first
    path.chmod(0o644)
    assert make_keys(path, ["a", "c"]) == 1
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    lines = path.read_text(encoding="utf-8").splitlines()
    assert [line.split(",")[0] for line in lines] == ["enterprise_id", "a", "b", "c"]
    assert set(first.splitlines()) < set(lines)
    assert len({line.split(",")[1] for line in lines[1:]}) == 3
    assert [each.name for each in path.parent.iterdir()] == ["keys.csv"]


def test_keys_are_read(tmp_path):
    path = tmp_path / "keys.csv"
    path.write_text(f"\ufeffenterprise_id,key\n{GOOD}\n", encoding="utf-8")
    path.chmod(0o600)
    assert read_keys(path, ["b"], folders=[tmp_path / "out"]) == {"b": "Rw81-Vb3N-20zd"}


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("enterprise_id,key\na,Xk29-Lm4P-77qt\n", "1 of 2 enterprises have no key, the first 'b'"),
        (f"enterprise_id,key\n{GOOD}a,Qq71-Zz22-81mn\n", "line 4: the enterprise 'a' stands there twice"),
        ("enterprise_id,key\na,Xk29-Lm4P-77qt\nb,Xk29-Lm4P-77qt\n", "line 3: the key of 'b' is that of another"),
        ("enterprise_id,key\na,Xk29-Lm4P\nb,Rw81-Vb3N-20zd\n", "line 2: the key of 'a' has 9 characters"),
        ("enterprise_id,key\na,\nb,Rw81-Vb3N-20zd\n", "line 2: the key of 'a' has 0 characters"),
        (f"enterprise_id,key\na,{'Xk29-Lm4P-' * 13}\n", "has 130 characters"),
        ("enterprise_id,key\na,aaaaaaaaaaaabbbb\n", "fewer than 6 different characters"),
        ("enterprise_id,key\nabcdefgh,x-ABCDEFGH-y\n", "is made of the enterprise's code"),
        ("enterprise_id,key\n91310107MA00000009,10107ma00000\n", "is made of the enterprise's code"),
        ("enterprise_id,key\na,Xk29 Lm4P 77qt\n", "characters that can't be typed"),
        ("enterprise_id,key\na,Xk29-Lm4P-77é\n", "characters that can't be typed"),
        ("enterprise,key\na,Xk29-Lm4P-77qt\n", "the first line is another; expected enterprise_id,key"),
        ("", "the first line is another"),
        ("enterprise_id,key\na,Xk29-Lm4P-77qt,b\n", "line 2: 3 columns"),
        ('enterprise_id,key\n"a,Xk29-Lm4P-77qt\n', "no CSV in UTF-8"),
        (b"enterprise_id,key\na,\xff\xfe\n", "no CSV in UTF-8"),
    ],
)
def test_wrong_keys_are_refused_without_telling_them(tmp_path, content, said):
    path = tmp_path / "keys.csv"
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    with pytest.raises(InputError) as caught:
        read_keys(path, ["a", "b"], folders=[tmp_path / "out"])
    assert said in str(caught.value)
    assert "Xk29" not in str(caught.value)
    assert "Rw81" not in str(caught.value)


def test_keys_in_the_folder_that_they_encrypt_are_refused(tmp_path):
    out = tmp_path / "out"
    out.mkdir()
    (out / "keys.csv").write_text(f"enterprise_id,key\n{GOOD}", encoding="utf-8")
    link = tmp_path / "link.csv"
    link.symlink_to(out / "keys.csv")
    for path in (out / "keys.csv", link):
        for folders in ([out], [tmp_path / "other", out]):
            with pytest.raises(InputError, match="the keys lie in the folder that they encrypt"):
                read_keys(path, ["a"], folders=folders)
            with pytest.raises(InputError, match="the keys lie in the folder that they encrypt"):
                make_keys(path, ["a", "new"], folders=folders)
    assert "new" not in (out / "keys.csv").read_text(encoding="utf-8")
    with pytest.raises(InputError, match="can't be read"):
        read_keys(tmp_path / "none.csv", ["a"], folders=[out])


def test_keys_that_others_may_read_are_warned_of(tmp_path):
    path = tmp_path / "keys.csv"
    path.write_text(f"enterprise_id,key\n{GOOD}", encoding="utf-8")
    path.chmod(0o640)
    with pytest.warns(WagekitWarning, match="others than its owner may read the keys"):
        read_keys(path, ["a"], folders=[tmp_path / "out"])
