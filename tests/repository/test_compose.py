"""compose.yaml without a daemon: well formed, on loopback, within its limits, and with the settings of the other worlds."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest
import yaml
from compose_spec import PyCompose

from autograder.backends.containers.service import INSIDE, SERVICES
from autograder.backends.native.jars import pinned_version
from autograder.backends.native.settings import SETTINGS as OF_KAFKA
from autograder.backends.postgres import SETTINGS as OF_POSTGRES
from tests.repository.tree import ROOT

VARIABLE = re.compile(r"\$\{(?P<name>\w+):-(?P<otherwise>[^}]*)\}")
MEGABYTES_MAX = {"the three backends": 1536, "with the profile observability": 2816}


def compose() -> dict[str, Any]:
    """The file as Compose reads it without our commands: variables and merges resolved."""
    text = (ROOT / "compose.yaml").read_text("utf-8")
    return yaml.safe_load(VARIABLE.sub(lambda found: found["otherwise"], text))


def service(name: str) -> dict[str, Any]:
    return compose()["services"][name]


def after(words: list[str], option: str) -> list[str]:
    return [value for word, value in zip(words, words[1:], strict=False) if word == option]


def megabytes(limit: str) -> int:
    assert limit.endswith("m")
    return int(limit[:-1])


def test_it_is_what_the_compose_specification_allows():
    PyCompose.from_yaml(yaml.safe_dump(compose()))


def test_a_misspelled_key_would_be_found():
    wrong = yaml.safe_dump(compose()).replace("condition: service_healthy", "condition: service_helthy")
    with pytest.raises(ValueError, match="service_helthy"):
        PyCompose.from_yaml(wrong)


def test_it_has_the_services_that_the_world_knows():
    always = [name for name, found in compose()["services"].items() if "profiles" not in found]
    assert sorted(always) == sorted(SERVICES.values()) == sorted(INSIDE)


def test_every_image_is_pinned_to_one_version():
    images = [found["image"] for found in compose()["services"].values()]
    assert [image for image in images if not re.fullmatch(r"[a-z/]+:v?\d+\.\d+(\.\d+)?", image)] == []


def test_kafka_is_the_version_of_the_native_world():
    assert service("kafka")["image"] == f"apache/kafka:{pinned_version()}"


def test_nothing_listens_beyond_loopback():
    published = [port for found in compose()["services"].values() for port in found["ports"]]
    assert published and [port for port in published if not port.startswith("127.0.0.1:")] == []


@pytest.mark.parametrize("name", SERVICES.values())
def test_the_port_can_be_moved_and_leads_inside(name):
    text = (ROOT / "compose.yaml").read_text("utf-8")
    inside = INSIDE[name].removesuffix("/tcp")
    assert re.search(rf"- 127\.0\.0\.1:\$\{{FORTNIGHT_{name.upper()}_PORT:-\d+\}}:{inside}\n", text)


def test_every_service_says_when_it_is_well_and_is_started_again_by_us_alone():
    for name, found in compose()["services"].items():
        assert found["healthcheck"]["test"], name
        assert found["restart"] == "no", name


def test_a_laptop_of_8_gb_has_room():
    limits = [megabytes(found["mem_limit"]) for found in compose()["services"].values() if "profiles" not in found]
    every = [megabytes(found["mem_limit"]) for found in compose()["services"].values()]
    assert sum(limits) <= MEGABYTES_MAX["the three backends"]
    assert sum(every) <= MEGABYTES_MAX["with the profile observability"]


def test_data_lies_in_named_volumes():
    mounts = {mount.split(":")[0] for found in compose()["services"].values() for mount in found.get("volumes", ())}
    assert mounts == set(compose()["volumes"])


def test_postgres_has_the_settings_of_the_embedded_world():
    given = dict(word.split("=", 1) for word in after(service("postgres")["command"], "-c"))
    assert given.pop("hba_file") == "/etc/fortnight/pg_hba.conf"
    assert given == OF_POSTGRES


def test_kafka_has_the_settings_of_the_native_world():
    given = {name: str(value) for name, value in service("kafka")["environment"].items()}
    wanted = {f"KAFKA_{name.replace('.', '_').upper()}": value for name, value in OF_KAFKA.items()}
    assert {name: given.get(name) for name in wanted} == wanted


def test_kafka_tells_clients_and_taps_the_address_that_they_can_reach():
    text = (ROOT / "compose.yaml").read_text("utf-8")
    assert "HOST://127.0.0.1:${FORTNIGHT_KAFKA_PORT:-9092}," in text
    assert service("kafka")["environment"]["KAFKA_LISTENERS"].startswith("HOST://:9092,")


def test_the_dashboard_asks_for_what_its_readme_names():
    board = json.loads((ROOT / "observability" / "grafana" / "shop.json").read_text("utf-8"))
    asked = {name for panel in board["panels"] for one in panel["targets"] for name in shop_names(one.get("expr", ""))}
    assert asked == shop_names((ROOT / "observability" / "README.md").read_text("utf-8"))


def shop_names(text: str) -> set[str]:
    return set(re.findall(r"\bshop_[a-z_]+", text))


def test_what_grafana_shows_comes_from_sources_that_it_was_given():
    sources = yaml.safe_load((ROOT / "observability" / "grafana" / "datasources.yml").read_text("utf-8"))
    given = {source["uid"] for source in sources["datasources"]}
    board = json.loads((ROOT / "observability" / "grafana" / "shop.json").read_text("utf-8"))
    assert {panel["datasource"]["uid"] for panel in board["panels"]} == given


def test_every_file_that_it_names_is_here():
    named = [found["file"] for found in compose()["configs"].values() if "file" in found]
    assert named and [name for name in named if not (ROOT / name).is_file()] == []
