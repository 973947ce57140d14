"""`plainview register` against a real keeper: publish, approve, revoke, import, and the past."""

from __future__ import annotations

import io
import json
import time
from collections.abc import Iterator
from contextlib import redirect_stdout
from pathlib import Path
from typing import Any

import pytest

from plainview.base.clock import now_ms, to_iso
from plainview.cli import program
from plainview.errors import BadFormat, BadProof, BadSignature, NotFound, PlainviewError, Refused
from plainview.register import statements
from plainview.register.kind_templates import kind_template
from plainview.register.legal_profile import FOLDER
from plainview.register.private import Sources
from plainview.register.projection import Register
from plainview.register.proved import ANSWER, check_folder
from plainview.release import keyfile
from plainview.testing.hall import Citizen, TownHall
from plainview.testing.hall import camera_values as hall_values
from plainview.testing.registry import RESTS_ON, record_values, rich_camera
from plainview.tlog.policy import Policy

NO_LAW = {"legal_profile": "demo", "retention_reason": "Accidents are told in two weeks."}


class Desk:
    """Somebody at the keeper's machine, with key files."""

    def __init__(self, hall: TownHall, folder: Path) -> None:
        self.hall, self.folder = hall, folder
        self.ana, self.jonas = self._key(hall.dpo), self._key(hall.officer)
        self.both = ("--key", self.ana, "--key", self.jonas)

    def _key(self, citizen: Citizen) -> str:
        path = self.folder / f"{citizen.person.person}.json"
        made = keyfile.generate(citizen.name, citizen.person.person)
        keyfile.KeyFile(
            made.person, made.name, citizen.signing, made.age, "", "", citizen.salt
        ).write(path)
        return str(path)

    def __call__(self, *words: str, code: int = 0) -> str:
        place = [] if words[1] == "template" else ["--data", str(self.hall.settings.data)]
        output = io.StringIO()
        with redirect_stdout(output):
            ended = program().main([*words, *place], standalone_mode=False)
        assert (ended or 0) == code, output.getvalue()
        return output.getvalue()

    def record(self, kind: str, name: str, **changes: Any) -> str:
        """A file with a record of this kind."""
        values = {**record_values(now_ms())[kind], **changes}
        return self.file(f"{kind}-{name}.json", {"kind": kind, "id": name, **values})

    def camera(self, name: str, **changes: Any) -> str:
        kept = {"custodian_set": "street-set", "camera": name, "legal_profile": "demo"}
        values = {**rich_camera(now_ms()), **kept, **changes}
        values = {field: value for field, value in values.items() if value is not None}
        return self.file(f"{name}.json", values)

    def file(self, name: str, content: Any) -> str:
        path = self.folder / name
        path.write_text(content if isinstance(content, str) else json.dumps(content))
        return str(path)

    def rest(self) -> None:
        """Publish what the sample camera rests on."""
        for one in (*RESTS_ON, "site/bridge"):
            kind, name = one.split("/")
            self("register", "publish", self.record(kind, name), "--key", self.ana)

    def policy(self) -> Policy:
        return Policy.parse(self.hall.settings.policy_file.read_text())


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    """A town that films nobody, so that its cameras may do without a law's notice."""
    hall = TownHall(tmp_path, witnesses=1, notice_seconds=1)
    yield Desk(hall, tmp_path)
    hall.close()


@pytest.fixture
def two(tmp_path: Path) -> Iterator[Desk]:
    """Where the rules demand two people to publish."""
    hall = TownHall(tmp_path, publishers=2, notice_seconds=1)
    yield Desk(hall, tmp_path)
    hall.close()


def test_the_life_of_a_record(desk: Desk) -> None:
    file = desk.file("dpia.toml", kind_template("dpia"))
    assert "Nothing is missing." in desk("register", "check", file)
    assert "dpia/bridges: version 1" in desk("register", "publish", file, "--key", desk.ana)
    changed = kind_template("dpia").replace('version = "2"', 'version = "3"')
    said = desk("register", "publish", desk.file("new.toml", changed), "--key", desk.ana)
    assert '~ version: "2" -> "3"' in said
    assert "version 2 is on the log" in said
    (row,) = json.loads(desk("register", "list", "dpia", "--json"))
    assert (row["subject"], row["version"], row["status"]) == ("dpia/bridges", 2, "active")
    assert desk("register", "list", "contract").startswith("No record yet.")
    assert '~ version: "2" -> "3"' in desk("register", "show", "dpia/bridges")
    assert "is revoked" in desk("register", "revoke", "dpia/bridges", "--key", desk.ana)
    assert "dpia/bridges: not in force now" in desk("register", "show", "dpia/bridges")
    with pytest.raises(NotFound, match="No dpia/other is in the register"):
        desk("register", "show", "dpia/other")
    with pytest.raises(BadFormat, match="no record"):
        desk("register", "revoke", "bridges", "--key", desk.ana)


def test_a_record_that_is_not_sound(desk: Desk) -> None:
    text = kind_template("contract").replace('currency = "EUR"', 'currency = "euro"')
    file = desk.file("contract.toml", text)
    assert "error: currency: " in desk("register", "check", file, code=1)
    with pytest.raises(BadFormat, match="currency"):
        desk("register", "publish", file, "--key", desk.ana)
    with pytest.raises(BadFormat, match="does not say what it is about"):
        desk("register", "check", desk.file("x.toml", 'name = "x"'))


def test_what_a_law_misses_blocks_publishing(desk: Desk) -> None:
    desk.rest()
    lacking = desk.camera("cam-09", legal_profile="eu-gdpr", complaints=None)
    said = desk("register", "check", lacking, code=1)
    assert "error: complaints: Missing." in said
    assert "GDPR 12(2), 13(2)(b)" in said
    # The test's log has a second of notice, which no law but the demonstration's can do with.
    assert "log.notice_seconds" in said
    with pytest.raises(Refused, match="complaints: Missing"):
        desk("register", "publish", lacking, "--key", desk.ana)
    found = json.loads(
        desk("register", "check", lacking, "--law-profile", "uk-scc", "--json", code=1)
    )
    assert {one["field"] for one in found["findings"]} == {"complaints", "log.notice_seconds"}
    free = desk.camera("cam-09", legal_profile=None)
    with pytest.raises(PlainviewError, match="Which law"):
        desk("register", "check", free)
    with pytest.raises(Refused, match="legal_profile: Missing"):
        desk("register", "publish", free, "--key", desk.ana)
    named = desk.camera("cam-09")
    assert "cam-09: version 1" in desk("register", "publish", named, "--key", desk.ana)


def test_a_sensitive_place_is_refused_with_a_small_set(desk: Desk) -> None:
    desk.rest()
    file = desk.camera("cam-09", place_kind="clinic", legal_profile="demo")
    with pytest.raises(Refused, match=r"profile: It is heads(.|\n)*set\.k(.|\n)*Without court"):
        desk("register", "publish", file, "--key", desk.ana)


def test_revoking_names_the_cameras_that_stop(desk: Desk) -> None:
    desk.rest()
    desk("register", "publish", desk.camera("cam-09"), "--key", desk.ana)
    time.sleep(1.1)  # the notice
    with Register(desk.hall.settings) as register:
        assert register.at(now_ms(), "cam-09").cameras[0].recording == 1
        said = desk("register", "revoke", "dpia/bridge", "--key", desk.ana)
        assert "stop within 10 seconds: cam-09" in said
        register.sync()
        stopped = register.at(now_ms() + 1, "cam-09").cameras[0]
        assert stopped.recording is None
        assert "dpia/bridge is revoked" in stopped.reason


def test_revoking_names_a_camera_whose_next_version_rests_on_something_else(desk: Desk) -> None:
    desk.rest()
    desk("register", "publish", desk.camera("cam-09"), "--key", desk.ana)
    time.sleep(1.1)  # the notice
    later = desk.camera("cam-09", rests_on=None, valid_from=to_iso(now_ms() + 86_400_000))
    desk("register", "publish", later, "--key", desk.ana)
    said = desk("register", "revoke", "dpia/bridge", "--key", desk.ana)
    assert "stop within 10 seconds: cam-09" in said
    (listed,) = json.loads(desk("camera", "list", "--json"))
    shown = json.loads(desk("camera", "show", "cam-09", "--json"))
    assert "dpia/bridge is revoked" in listed["gate"]
    assert shown["gate"] == listed["gate"]
    assert len(shown["versions"]) == 2


def test_two_people_publish_one_after_the_other(two: Desk) -> None:
    file = two.record("site", "bridge")
    said = two("register", "publish", file, "--key", two.jonas)
    assert "site/bridge: version 1 is proposed" in said
    proposal = said.split("approve ")[1].split()[0]
    assert two("register", "list").startswith("No record yet.")
    with pytest.raises(Refused, match="somebody else"):
        two("register", "approve", proposal, "--key", two.jonas)
    said = two("register", "approve", proposal, "--key", two.ana)
    assert "site/bridge: record, version 1, active" in said
    assert '+ name: "Bridge"' in said
    (row,) = json.loads(two("register", "list", "--json"))
    assert row["said"] < row["index"]
    both = two.record("site", "square")
    assert "on the log" in two("register", "publish", both, "--key", two.ana, "--key", two.jonas)
    camera = two.camera("cam-09", rests_on=None, site_id=None)
    said = two("register", "publish", camera, "--key", two.ana)
    proposal = said.split("approve ")[1].split()[0]
    two("register", "approve", proposal, "--key", two.jonas)
    with Register(two.hall.settings) as register:
        (one,) = register.at(now_ms()).cameras
        assert (one.newest.subject, one.newest.version) == ("cam-09", 1)
        assert one.newest.body == register.camera("cam-09").record


def test_a_stopped_camera_is_resumed_by_two(two: Desk) -> None:
    for one in (*RESTS_ON, "site/bridge"):
        kind, name = one.split("/")
        two("register", "publish", two.record(kind, name), *two.both)
    two("register", "publish", two.camera("cam-09"), *two.both)
    assert "is suspended" in two("camera", "suspend", "cam-09", "--key", two.ana)
    assert "is proposed" in two("camera", "resume", "cam-09", "--key", two.ana)
    assert "is active from version 3" in two("camera", "resume", "cam-09", *two.both)


def test_the_operators_guide_publishes_a_first_camera_under_a_law(tmp_path: Path) -> None:
    """The templates as they are printed; only what every city fills in differently is changed."""
    hall = TownHall(tmp_path, publishers=2, notice_seconds=7 * 86_400)
    guide = Desk(hall, tmp_path)
    for kind in ("legal-basis", "dpia", "contract"):
        written = guide.file(f"{kind}.toml", guide("register", "template", kind))
        assert "on the log" in guide("register", "publish", written, *guide.both)
    text = guide("camera", "template", "cam-41").replace('"set-1"', '"street-set"')
    file = guide.file("cam-41.toml", text.replace('class = "street"', 'class = "bridges"'))
    assert "Nothing is missing under eu-gdpr" in guide("register", "check", file)
    assert "cam-41: version 1 is on the log" in guide("camera", "add", file, *guide.both)
    hall.close()


def test_a_law_is_a_name_on_the_log_and_never_a_file(two: Desk, tmp_path: Path) -> None:
    """What somebody proposed by other means is judged as what is published here."""
    hall, lax = two.hall, tmp_path / "lax.toml"
    lax.write_text((FOLDER / "demo.toml").read_text())
    for law in (str(lax), 7, None, "moon"):
        record = {**hall_values(), **NO_LAW, "legal_profile": law}
        body = statements.camera_body("cam-31", 1, "active", record)
        entry = statements.propose("camera", body, hall.officer.signing)
        hall.say(entry)
        with pytest.raises(PlainviewError, match=r"legal_profile|There is no legal profile"):
            two("register", "approve", entry.hash, "--key", two.ana)
    with Register(hall.settings) as register:
        assert [one.id for one in register.cameras()] == []
    named = two.camera("cam-32", legal_profile=None)
    said = two("register", "check", named, "--law-profile", str(lax), code=1)
    assert "error: legal_profile: Missing." in said


def test_the_past_is_proved_and_every_altered_byte_is_found(desk: Desk, tmp_path: Path) -> None:
    desk.rest()
    desk("register", "publish", desk.camera("cam-09"), "--key", desk.ana)
    then = to_iso(now_ms() + 1)
    desk("register", "publish", desk.camera("cam-09", purpose="Another"), "--key", desk.ana)
    folder = tmp_path / "proof"
    said = desk("register", "at", then, "--camera", "cam-09", "--proof", str(folder))
    assert "Proved: 6 statements" in said
    assert "cam-09" in said
    answer = json.loads((folder / ANSWER).read_text())
    assert answer["cameras"][0]["version"] == 1
    assert answer["cameras"][0]["body"]["purpose"] == "Road safety on the bridge"
    assert check_folder(folder, desk.policy()).statements == 6
    with pytest.raises(Refused, match="is not empty"):
        desk("register", "at", then, "--proof", str(folder))

    changes: list[tuple[str, Any]] = [
        ("body", {**answer["cameras"][0]["body"], "purpose": "Another"}),
        ("version", 2),
        ("status", "suspended"),
        ("subject", "cam-08"),
        ("index", 0),
        ("said", answer["records"][0]["said"]),
        ("index", 999),
    ]
    for name, value in changes:
        altered = {**answer, "cameras": [{**answer["cameras"][0], name: value}]}
        (folder / ANSWER).write_text(json.dumps(altered))
        with pytest.raises((BadProof, NotFound)):
            check_folder(folder, desk.policy())
    (folder / ANSWER).write_text(json.dumps({**answer, "time": "2020-01-01T00:00:00.000Z"}))
    with pytest.raises(BadProof, match="later than asked"):
        check_folder(folder, desk.policy())
    (folder / ANSWER).write_text(json.dumps(answer))
    assert check_folder(folder, desk.policy()).statements == 6
    for path in sorted(folder.glob("*.json")):
        if path.name != ANSWER:
            kept = path.read_bytes()
            path.write_bytes(kept.replace(b'"v":1', b'"v":2'))
            with pytest.raises((BadProof, BadFormat)):
                check_folder(folder, desk.policy())
            path.write_bytes(kept)
    (folder / "0.json").unlink()
    with pytest.raises((BadSignature, NotFound)):
        check_folder(folder, desk.policy())


def test_the_whole_register_at_a_moment(desk: Desk, tmp_path: Path) -> None:
    before = to_iso(now_ms() + 1)
    desk.rest()
    found = json.loads(desk("register", "at", before, "--json"))
    assert (found["cameras"], found["records"]) == ([], [])
    assert [one["subject"] for one in found["sets"]] == ["street-set"]
    assert found["people"] == len(desk.hall.people)
    later = to_iso(now_ms() + 1)
    said = desk("register", "at", later, "--json", "--proof", str(tmp_path / "proof"))
    assert len(json.loads(said)["records"]) == 4
    with pytest.raises(NotFound, match="did not have cam-09"):
        desk("register", "at", later, "--camera", "cam-09")


COLUMNS = "camera,stream,name,kind,place,lat,lon,sees,purpose,recipients,height_cm"


def test_import_of_a_table(desk: Desk) -> None:
    shared = {**hall_values(), **NO_LAW}
    for name in ("name", "kind", "place", "position", "sees", "purpose"):
        del shared[name]
    common = desk.file("common.json", shared)
    table = desk.file(
        "cameras.csv",
        f"{COLUMNS}\n"
        'cam-11,rtsp://u:p@10.0.0.7/main,"Bridge, east",pole,Bridge,44.816,20.46,Road,Safety,,500\n'
        "cam-12,,Square,pole,Square,44.8,20.5,Pavement,Safety,Court|Police,\n",
    )
    dry = desk("register", "import", table, "--with", common, "--dry-run")
    assert '+ name: "Bridge, east"' in dry
    assert "+ position: [44816000, 20460000]" in dry
    assert '+ recipients: ["Court", "Police"]' in dry
    assert "2 rows: 2 would change, 0 with errors." in dry
    assert desk("camera", "list").startswith("No camera yet.")
    with pytest.raises(PlainviewError, match="Who signs"):
        desk("register", "import", table, "--with", common)
    desk("register", "import", table, "--with", common, "--key", desk.ana)
    assert Sources(desk.hall.settings.data).url("cam-11") == "rtsp://u:p@10.0.0.7/main"
    assert "10.0.0.7" not in dry
    again = desk("register", "import", table, "--with", common, "--dry-run")
    assert "2 rows: 0 would change, 0 with errors." in again
    less = desk.file("less.csv", "camera;purpose;height_cm\ncam-11;Another;-\n")
    said = desk("register", "import", less, "--key", desk.ana)
    assert '~ purpose: "Safety" -> "Another"' in said
    assert "- height_cm: 500" in said
    with Register(desk.hall.settings) as register:
        newest = register.camera("cam-11")
        assert newest.version == 2
        assert newest.record["place"] == "Bridge"
        assert register.camera("cam-12").version == 1


def test_every_fault_of_a_table_at_once_and_nothing_stated(desk: Desk) -> None:
    shared = {**hall_values(), **NO_LAW, "retention": {"class": "street", "seconds": 900}}
    common = desk.file("common.json", shared)
    table = desk.file(
        "cameras.csv",
        "camera,height_cm,custodian_set,retention.seconds,lat,lon,remote_access.possible\n"
        "cam-11,500,street-set,900,44.8,20.4,no\n"
        "Cam 12,high,nobody,800,north,20.4,perhaps\n"
        "cam-13,,nobody,800,44.8,20.4,\n"
        "cam-13,,street-set,900\n",
    )
    said = desk("register", "import", table, "--with", common, "--key", desk.ana, "--json", code=1)
    errors = {one["row"]: " ".join(one["errors"]) for one in json.loads(said)}
    assert errors[2] == ""
    for text in ("'high' is not a whole number", "north", "perhaps", "camera's id"):
        assert text in errors[3]
    for text in ("no set nobody", "lasts 900 seconds", "more than once"):
        assert text in errors[4]
    assert "4 cells, the head has 7" in errors[5]
    assert desk("camera", "list").startswith("No camera yet.")


def test_import_of_a_map(desk: Desk) -> None:
    desk.rest()
    values = rich_camera(now_ms())
    del values["position"], values["field_of_view"], values["density"]
    values |= {"custodian_set": "street-set", "camera": "cam-21", "legal_profile": "uk-scc"}
    values |= {"density": {"nearest_cm": 1500}}
    point = {"type": "Point", "coordinates": [20.46, 44.816]}
    features = [{"type": "Feature", "properties": values, "geometry": point}]
    whole = {"type": "FeatureCollection", "features": features}
    file = desk.file("cameras.geojson", whole)
    said = desk("register", "import", file, "--dry-run", code=1)
    assert "at least" in said
    values["legal_profile"] = "demo"
    said = desk("register", "import", desk.file("cameras.geojson", whole), "--key", desk.ana)
    assert "cam-21: version 1 is on the log" in said
    with Register(desk.hall.settings) as register:
        record = register.camera("cam-21").record
    assert record["position"] == [44_816_000, 20_460_000]
    assert record["density"]["dori_2014"] == "detect"
    ring = [[20.46, 44.816], [20.47, 44.816], [20.47, 44.817], [20.46, 44.816]]
    seen = {"type": "Polygon", "coordinates": [ring]}
    one = {"type": "Feature", "properties": {"camera": "cam-21"}, "geometry": seen}
    more = desk.file("seen.geojson", {"type": "FeatureCollection", "features": [one]})
    assert "+ field_of_view: [[44816000, 20460000]" in desk("register", "import", more, "--dry-run")
