"""What the recorded programs show: pages, a document, code, photographs, a video. All from this machine.

Texts are licences and Python's own library, photographs come from a Debian package of backgrounds, the
video is made of them by ffmpeg. Nothing is fetched, and nothing of it goes into the repository.
"""

import html
import subprocess
import sysconfig
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from benchmarks.measure import Unavailable
from benchmarks.recordings.desk import HEIGHT, WIDTH
from relevo_agent.pipeline.types import Rect

PHOTO_FOLDERS: Final = (Path("/usr/share/backgrounds"), Path("/usr/share/wallpapers"))
VIDEO_SIZE_PX: Final = (854, 480)
VIDEO_FPS: Final = 30
PHOTOS_WANTED: Final = 6
_LICENCES: Final = Path("/usr/share/common-licenses")
_STYLE: Final = """
body { margin: 0; font: 18px/1.5 'Liberation Serif', serif; background: #fdfdfb; color: #222; }
header { background: #23415f; color: white; font: 15px 'Liberation Sans', sans-serif; padding: 14px 40px; }
main { width: 1180px; margin: 24px auto; } h2 { font: bold 26px 'Liberation Sans', sans-serif; }
section.slide { position: absolute; inset: 0; background: #f4f4f6; display: none; }
section.slide.shown { display: block; } .slide img, .slide div { position: absolute; }
figure { margin: 20px 0; } figure img { width: 860px; height: 520px; object-fit: cover; }
"""
_SLIDES: Final = """
let shown = 0;
const slides = [...document.querySelectorAll('section.slide')];
const painted = () => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)));
async function show(next) {
  slides[shown].classList.remove('shown');
  shown = next % slides.length;
  slides[shown].classList.add('shown');
  await Promise.all([...slides[shown].querySelectorAll('img')].map((picture) => picture.decode()));
  await painted();
  document.title = `Slide ${shown}.`;
}
addEventListener('keydown', (event) => { if (event.key === 'n') show(shown + 1); });
show(0);
"""


@dataclass(frozen=True, slots=True)
class Slide:
    """One screenful: where its photographs and its blocks of text are."""

    photos: tuple[Rect, ...]
    texts: tuple[Rect, ...]


SLIDES: Final = (
    Slide((Rect(64, 64, 1792, 960),), ()),
    Slide((Rect(96, 96, 832, 576),), (Rect(1000, 96, 820, 900),)),
    Slide(tuple(Rect(64 + 608 * i, 128, 576, 384) for i in range(3)), (Rect(64, 560, 1792, 460),)),
    Slide((), (Rect(64, 64, 880, 960), Rect(992, 64, 880, 960))),
    Slide(tuple(Rect(64 + 304 * i, 704, 288, 288) for i in range(6)), (Rect(64, 64, 1792, 600),)),
)


def photographs() -> list[Path]:
    """Photographs of this machine, the same order at every run.

    Raises:
        Unavailable: too few; the recipe's package is not installed.
    """
    found = sorted(
        path
        for folder in PHOTO_FOLDERS
        for kind in ("*.jpg", "*.jpeg")
        for path in folder.rglob(kind)
        if "abstract" not in path.parts and path.stat().st_size > 200_000
    )
    if len(found) < PHOTOS_WANTED:
        raise Unavailable("no photographs here (mate-backgrounds): python -m benchmarks record --install")
    return found[:: max(1, len(found) // PHOTOS_WANTED)][:PHOTOS_WANTED]


def prose() -> str:
    """A long English text, in paragraphs."""
    names = ("GPL-3", "LGPL-2.1", "MPL-2.0", "Apache-2.0", "GFDL-1.3")
    texts = [(_LICENCES / name).read_text("utf-8") for name in names if (_LICENCES / name).exists()]
    if not texts:
        raise Unavailable(f"no texts in {_LICENCES}, which every Debian has")
    return "\n\n".join(texts)


def code() -> Path:
    """A long Python file."""
    return Path(sysconfig.get_path("stdlib")) / "argparse.py"


def article(folder: Path, *, photos: bool) -> Path:
    """A long page: headed paragraphs, with a photograph after every sixth."""
    parts = ["<!doctype html><meta charset=utf-8><title>Article</title>", f"<style>{_STYLE}</style>"]
    parts.append("<header>Home &nbsp; News &nbsp; Documents &nbsp; Contact</header><main>")
    pictures = photographs() if photos else []
    for number, paragraph in enumerate(_paragraphs(prose())):
        if number % 8 == 0:
            parts.append(f"<h2>{number // 8 + 1}. {html.escape(paragraph[:48])}</h2>")
        if pictures and number % 6 == 3:
            parts.append(f"<figure><img src='{pictures[number // 6 % len(pictures)].as_uri()}'></figure>")
        parts.append(f"<p>{html.escape(paragraph)}</p>")
    return _written(folder / f"article-{'photos' if photos else 'text'}.html", "".join(parts))


def slides(folder: Path) -> Path:
    """The :data:`SLIDES`; the key n shows the next one, and the title tells which one is painted."""
    pictures, text = photographs(), prose()
    parts = ["<!doctype html><meta charset=utf-8><title>Slides</title>", f"<style>{_STYLE}</style>"]
    for number, slide in enumerate(SLIDES):
        parts.append(f"<section class='slide {'shown' if not number else ''}'>")
        for i, rect in enumerate(slide.photos):
            picture = pictures[(number + i) % len(pictures)].as_uri()
            parts.append(f"<img src='{picture}' style='{_place(rect)};object-fit:cover'>")
        for i, rect in enumerate(slide.texts):
            words = html.escape(text[(number * 7 + i) * 4000 :][: rect.area_px // 110])
            parts.append(f"<div style='{_place(rect)};overflow:hidden;white-space:pre-wrap'>{words}</div>")
        parts.append("</section>")
    return _written(folder / "slides.html", "".join([*parts, f"<script>{_SLIDES}</script>"]))


def video(folder: Path, seconds: float) -> Path:
    """A clip of 854x480 at 30 fps: a pan over a photograph, a zoom into another one, a fractal."""
    width, height = VIDEO_SIZE_PX
    first, second, *_ = photographs()
    third = seconds / 3
    pan = (
        f"scale={WIDTH}:{HEIGHT},crop={width}:{height}:"
        f"'(in_w-out_w)*(0.5+0.45*sin(t*0.9))':'(in_h-out_h)*(0.5+0.45*sin(t*1.3))'"
    )
    zoom = f"scale={WIDTH}:{HEIGHT},zoompan=z='1+0.004*on':d=1:s={width}x{height}:fps={VIDEO_FPS}"
    chain = f"[0:v]{pan},setsar=1[a];[1:v]{zoom},setsar=1[b];[2:v]setsar=1[c];[a][b][c]concat=n=3:v=1[v]"
    inputs: list[str] = []
    for picture in (first, second):
        inputs += ["-loop", "1", "-framerate", str(VIDEO_FPS), "-t", f"{third:.2f}", "-i", str(picture)]
    fractal = f"mandelbrot=size={width}x{height}:rate={VIDEO_FPS}:start_scale=0.4:end_scale=0.05:end_pts=90"
    inputs += ["-f", "lavfi", "-t", f"{third:.2f}", "-i", fractal]
    path = folder / "clip.mkv"
    command = ["ffmpeg", "-v", "error", "-y", *inputs, "-filter_complex", chain, "-map", "[v]"]
    command += ["-r", str(VIDEO_FPS), "-c:v", "mpeg4", "-q:v", "3", "-an", str(path)]
    try:
        subprocess.run(command, check=True, stdin=subprocess.DEVNULL)
    except FileNotFoundError as error:
        raise Unavailable("ffmpeg is not installed: python -m benchmarks record --install") from error
    return path


def _paragraphs(text: str) -> list[str]:
    return [paragraph.strip() for paragraph in text.split("\n\n") if paragraph.strip()]


def _place(rect: Rect) -> str:
    return f"left:{rect.x}px;top:{rect.y}px;width:{rect.width}px;height:{rect.height}px"


def _written(path: Path, text: str) -> Path:
    path.write_text(text, encoding="utf-8")
    return path
