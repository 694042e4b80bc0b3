"""Images: one made from a Debian release's package, one pulled, and the one taken when none is named.

A Debian image is made once with mmdebstrap and docker import, and found again by its labels, the recipe's
number among them. Two runs that want the same one at a time make it once: a lock keeps them apart. What fails
leaves nothing: the root file system is a temporary file until it is whole, and an image gets its labels and
its tag at its birth.
"""

from __future__ import annotations

import re
import shutil
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import docker
from docker.errors import APIError, DockerException, ImageNotFound
from docker.models.images import Image as DockerImage

from harness.broker.cache import cache_folder, locked
from harness.broker.engine import client
from harness.broker.machine import Say, install, run, timed
from harness.broker.spec import Debian, Image, Release
from harness.errors import SetupError

DEFAULT = Image("rabbitmq:4.1.4")
"""The broker of a run that names none, pinned so that two runs are about the same one."""
FALLBACK = Debian(Release.TRIXIE)
"""The broker where no image registry can be reached."""

RECIPE = "1"
"""To be counted up when :func:`bootstrap` or :func:`changes` change, so that older images are not reused."""
LABEL_RELEASE = "amqp-interop.release"
LABEL_RECIPE = "amqp-interop.recipe"
LABEL_PACKAGE = "amqp-interop.package"
REPOSITORY = "amqp-interop/rabbitmq-debian"
TOOLS = ("mmdebstrap", "debian-archive-keyring")
PULL_SECONDS = 60.0
"""How long a registry may be silent. Where there is none to reach, the engine says so within a second."""


@dataclass(frozen=True, slots=True)
class Ready:
    """An image that the engine has. ``build`` says exactly which: the package's version or the image's id."""

    id: str
    build: str


def obtain(spec: Debian | Image, engine: docker.DockerClient, say: Say) -> Ready:
    """The image of ``spec``, made or pulled if it is not there."""
    return debian_image(spec.release, engine, say) if isinstance(spec, Debian) else pulled(spec, engine, say)


def default_spec(engine: docker.DockerClient, say: Say) -> Debian | Image:
    """The pinned default image if it is there or can be pulled, else the Debian one. Says which it is."""
    try:
        pulled(DEFAULT, engine, say)
    except SetupError as error:
        say(f"broker: {FALLBACK} (no --broker was given, and {error.problem})")
        return FALLBACK
    say(f"broker: {DEFAULT} (no --broker was given)")
    return DEFAULT


# --- images by reference -----------------------------------------------------------------------------


def pulled(spec: Image, engine: docker.DockerClient, say: Say) -> Ready:
    """The image of that reference. SetupError if it is neither here nor to be had."""
    try:
        return _by_reference(engine.images.get(spec.reference))
    except ImageNotFound:
        pass
    patient = client(timeout=PULL_SECONDS)
    try:
        with timed(say, f"pulled {spec.reference}"):
            return _by_reference(patient.images.pull(spec.reference))
    except (DockerException, OSError) as error:
        raise SetupError(
            f"the image {spec.reference} is not here and cannot be pulled: {_words(error)}",
            f"check its name and the network, or take one that needs no registry: --broker {FALLBACK}",
        ) from error
    finally:
        patient.close()


def _by_reference(image: DockerImage) -> Ready:
    digests = image.attrs.get("RepoDigests") or []
    return Ready(str(image.id), str(digests[0] if digests else image.id))


def _words(error: Exception) -> str:
    return str(error.explanation) if isinstance(error, APIError) and error.explanation else str(error)


# --- images from Debian packages ---------------------------------------------------------------------


def debian_image(release: Release, engine: docker.DockerClient, say: Say) -> Ready:
    """The image of that release, made if there is none of this recipe yet: 20 to 35 s, 230 to 430 MB."""
    if (there := find(release, engine)) is not None:
        return there
    with locked(f"image-{release.value}"):
        if (there := find(release, engine)) is not None:
            return there
        _have_tools(say)
        with timed(say, f"built the image of debian:{release.value} with mmdebstrap"):
            return build(release, engine)


def find(release: Release, engine: docker.DockerClient) -> Ready | None:
    """The newest image of ``release`` and this recipe, if there is one.

    By its name too: an image that somebody derives from it inherits the labels.
    """
    wanted = [f"{LABEL_RELEASE}={release.value}", f"{LABEL_RECIPE}={RECIPE}"]
    named = engine.images.list(name=REPOSITORY, filters={"label": wanted})
    images = sorted(named, key=lambda one: str(one.attrs["Created"]))
    if not images:
        return None
    return Ready(str(images[-1].id), _build_words(str(images[-1].labels[LABEL_PACKAGE])))


def _build_words(version: str) -> str:
    return f"rabbitmq-server {version}"


def _have_tools(say: Say) -> None:
    if shutil.which("mmdebstrap") is None:
        install(TOOLS, "mmdebstrap, which makes an image from a Debian release, is not installed", say)


def build(release: Release, engine: docker.DockerClient) -> Ready:
    """Make the image of ``release``. SetupError with mmdebstrap's last words if it fails; nothing is left."""
    with tempfile.TemporaryDirectory(prefix="build-", dir=cache_folder()) as folder:
        tar, status = Path(folder, "root.tar"), Path(folder, "status")
        run(bootstrap(release, tar, status))
        version = package_version(status.read_text("utf-8"), "rabbitmq-server")
        name, says = tag(release, version), changes(release, version)
        with tar.open("rb") as stream:
            answer = engine.api.import_image(src=stream, repository=REPOSITORY, tag=name, changes=says)
    image = engine.images.get(f"{REPOSITORY}:{name}")
    if image.labels.get(LABEL_RECIPE) != RECIPE:
        raise SetupError(f"the engine did not import the image of debian:{release.value}: {answer}")
    return Ready(str(image.id), _build_words(version))


def bootstrap(release: Release, tar: Path, status: Path) -> Sequence[str]:
    """The command that makes the root file system, and copies dpkg's status out of it.

    forky is still made: its Release file can be past its date when a mirror lags.
    """
    stale = ('--aptopt=Acquire::Check-Valid-Until "false"',) if release is Release.FORKY else ()
    return (
        "mmdebstrap",
        "--variant=minbase",
        "--include=rabbitmq-server,ca-certificates",
        f"--customize-hook=download /var/lib/dpkg/status {status}",
        *stale,
        release.value,
        str(tar),
    )


def changes(release: Release, version: str) -> list[str]:
    """What the image says of itself, and how it starts.

    The server's own script rather than /usr/sbin's, and as its own user from the start: that one goes through
    su, whose PAM session puts the limit of open files back to 1024.
    """
    return [
        f"LABEL {LABEL_RELEASE}={release.value} {LABEL_RECIPE}={RECIPE} {LABEL_PACKAGE}={version}",
        "ENV LANG=C.UTF-8 HOME=/var/lib/rabbitmq",
        "WORKDIR /var/lib/rabbitmq",
        "USER rabbitmq",
        "EXPOSE 5672",
        'CMD ["/usr/lib/rabbitmq/bin/rabbitmq-server"]',
    ]


def tag(release: Release, version: str) -> str:
    """A tag for humans: a package version may hold ``+``, ``~`` and ``:``, which a tag may not."""
    return f"{release.value}-{re.sub('[^A-Za-z0-9_.-]', '_', version)}"


def package_version(status: str, package: str) -> str:
    """The version of an installed package by the text of /var/lib/dpkg/status."""
    for paragraph in status.split("\n\n"):
        lines = paragraph.splitlines()
        if f"Package: {package}" in lines:
            return next(line.partition(": ")[2] for line in lines if line.startswith("Version: "))
    raise SetupError(f"the package {package} is not in the image that was made")
