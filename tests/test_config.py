"""Settings: what is understood, and that wrong ones are named in one line."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tooearly.config import CODES, ConfigError, Settings, parse
from tooearly.workspace import Project, Workspace, load


def test_nothing_said_is_the_default() -> None:
    assert parse({}) == Settings()
    assert all(Settings().enabled(code) for code in CODES)


def test_every_setting_is_read() -> None:
    settings = parse(
        {
            "select": ["blocking-result"],
            "ignore": "result-before-done",
            "exclude": ["a"],
            "extend-exclude": ["b"],
            "force-exclude": True,
            "respect-gitignore": False,
            "per-file-ignores": {"tests/*": ["all"]},
            "report-unproven": True,
            "api": {"lib.spawn": {"returns": "task"}},
        }
    )
    assert settings == Settings(
        select=("blocking-result",),
        ignore=("result-before-done",),
        exclude=("a",),
        extend_exclude=("b",),
        force_exclude=True,
        respect_gitignore=False,
        per_file_ignores=(("tests/*", CODES),),
        report_unproven=True,
        api=({"name": "lib.spawn", "returns": "task"},),
    )


@pytest.mark.parametrize("key", ["report-unproven", "report_unproven", "reportUnproven"])
def test_editors_spelling_is_understood(key: str) -> None:
    assert parse({key: True}).report_unproven


def test_settings_go_over_others() -> None:
    base = Settings(ignore=("blocking-result",), report_unproven=True)
    assert parse({"report-unproven": False}, base) == Settings(ignore=("blocking-result",))


def test_api_rows_as_a_list() -> None:
    assert parse({"api": [{"name": "a", "x": 1}]}).api == ({"name": "a", "x": 1},)


@pytest.mark.parametrize(
    ("table", "said"),
    [
        ({"slect": []}, "unknown setting `slect`; did you mean `select`?"),
        ({"reportUnproved": 1}, "unknown setting `reportUnproved`; did you mean `report-unproven`?"),
        ({"zzz": 1}, "unknown setting `zzz`"),
        ({"select": 3}, "`select` must be a list, not the number 3"),
        ({"select": ["result-before-don"]}, "`select`: there is no rule `result-before-don`; did you mean `result-"),
        ({"ignore": ["E501"]}, "there is no rule `E501` (rules: result-before-done, blocking-result)"),
        ({"ignore": [3]}, "`ignore`: there is no rule `3`"),
        ({"exclude": "build"}, '`exclude` must be a list, not the string "build"'),
        ({"exclude": [1]}, "`exclude` must be a list of strings, but holds the number 1"),
        ({"report-unproven": "yes"}, '`report-unproven` must be true or false, not the string "yes"'),
        ({"per-file-ignores": []}, "`per-file-ignores` must be a table of pattern = [codes], not a list"),
        ({"per-file-ignores": {"a": ["x"]}}, "`per-file-ignores.a`: there is no rule `x`"),
        ({"api": {"a": 1}}, "`api.a` must be a table, not the number 1"),
        ({"api": [1]}, "`api` must be a list of tables, but holds the number 1"),
        ({"api": None}, "`api` must be a list, not nothing"),
    ],
)
def test_wrong_settings_are_named(table: dict[str, Any], said: str) -> None:
    with pytest.raises(ConfigError) as caught:
        parse(table)
    assert said in str(caught.value)
    assert "\n" not in str(caught.value)


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=4) | st.sampled_from(CODES),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner, max_size=3),
    max_leaves=6,
)
KEYS = st.sampled_from(["select", "ignore", "exclude", "per-file-ignores", "api", "report-unproven"]) | st.text(
    max_size=5
)


@given(st.dictionaries(KEYS, VALUES, max_size=4))
def test_any_table_gives_settings_or_one_kind_of_error(table: dict[str, Any]) -> None:
    try:
        settings = parse(table)
    except ConfigError:
        return
    assert hash(settings) == hash(parse(table))
    assert settings == parse(table)


def test_the_nearest_file_wins(tmp_path: Path) -> None:
    (tmp_path / "pyproject.toml").write_text('[tool.tooearly]\nignore = ["result-before-done"]\n')
    inner = tmp_path / "inner"
    (inner / "deep").mkdir(parents=True)
    (inner / "tooearly.toml").write_text("report-unproven = true\n")
    (inner / "deep" / "pyproject.toml").write_text("[tool.other]\nx = 1\n")
    workspace = Workspace()
    assert workspace.project(tmp_path).settings.ignore == ("result-before-done",)
    found = workspace.project(inner / "deep")
    assert (found.root, found.source) == (inner, inner / "tooearly.toml")
    assert found.settings == Settings(report_unproven=True)


def test_without_a_file_the_repository_is_the_root(tmp_path: Path) -> None:
    (tmp_path / "repo" / ".git").mkdir(parents=True)
    (tmp_path / "repo" / "build").mkdir()
    assert Workspace().project(tmp_path / "repo" / "build" / "x").root == tmp_path / "repo"
    lonely = tmp_path / "build"
    project = Workspace().project(lonely)
    assert (project.root, project.source) == (lonely, None)
    assert not project.excluded(lonely / "a.py")


def test_what_was_read_is_kept_until_it_is_forgotten(tmp_path: Path) -> None:
    workspace = Workspace()
    assert not workspace.project(tmp_path).settings.report_unproven
    (tmp_path / "tooearly.toml").write_text("report-unproven = true\n")
    assert not workspace.project(tmp_path).settings.report_unproven
    workspace.forget()
    assert workspace.project(tmp_path).settings.report_unproven


def test_errors_name_the_file(tmp_path: Path) -> None:
    path = tmp_path / "tooearly.toml"
    for text, said in [
        ("x =", "is not valid TOML"),
        ("x = 1", "unknown setting `x`"),
        ("exclude = 1", "`exclude`"),
        ('api."lib.spawn".cal = "spawn"', "lib.spawn: unknown key 'cal'"),
        ('api."lib.spawn".call = "spwan"', "lib.spawn: call = 'spwan' is no known effect; perhaps spawn"),
        ('api."lib.join".await = "every"', "lib.join: await = 'every' is no known effect"),
        ('api."lib.spawn".same = "lib.gone"', "lib.spawn: same = 'lib.gone' is no known row"),
    ]:
        path.write_text(text)
        with pytest.raises(ConfigError) as caught:
            load(path)
        assert str(caught.value).startswith(f"{path}: ")
        assert said in str(caught.value)
    with pytest.raises(ConfigError, match=r"cannot be read: no such file"):
        load(tmp_path / "gone.toml")
    project = tmp_path / "pyproject.toml"
    project.write_text("[tool]\ntooearly = 1\n")
    with pytest.raises(ConfigError, match=r"`tool.tooearly` must be a table"):
        load(project)
    project.write_text("[tool.x]\n")
    with pytest.raises(ConfigError, match=r"has no \[tool.tooearly\] table"):
        load(project)


def test_excluded_by_a_folder_or_a_name(tmp_path: Path) -> None:
    project = Project(tmp_path, parse({"extend-exclude": ["gen/", "*_pb2.py"]}))
    assert project.excluded(tmp_path / "x" / "gen" / "deep" / "a.py")
    assert project.excluded(tmp_path / "a_pb2.py")
    assert project.excluded(tmp_path / "node_modules" / "a" / "b.py")
    assert not project.excluded(tmp_path / "x" / "a.py")


def test_modules_of_the_workspace(tmp_path: Path) -> None:
    for name in ("src/pkg/__init__.py", "src/pkg/a.py", "src/pkg/sub/__init__.py", "src/pkg/sub/b.py", "src/top.py"):
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(f"# {name}")
    (tmp_path / "src" / "bad.py").write_bytes(b"\xff")
    (tmp_path / "tooearly.toml").touch()
    (tmp_path / "tests").mkdir()
    text = Workspace().modules(tmp_path / "src" / "pkg" / "sub" / "b.py")
    assert text("pkg") == "# src/pkg/__init__.py"
    assert text("pkg.a") == text("..a") == "# src/pkg/a.py"
    assert text(".") == text("pkg.sub") == "# src/pkg/sub/__init__.py"
    assert text("..") == "# src/pkg/__init__.py"
    assert text("top") == "# src/top.py"
    assert text("bad") is None
    assert text("os") is None
    assert text("pkg.none") is None
    from_tests = Workspace().modules(tmp_path / "tests" / "test_a.py")
    assert from_tests("pkg.a") == "# src/pkg/a.py"
