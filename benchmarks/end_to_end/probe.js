// Looks at a viewer's canvas from inside its page: which frame's stamp it shows since when, when a key was
// pressed and when the patch turned over, and now and then a whole frame for comparison.
(() => {
  const LOOK_EVERY_MS = 4;
  const context = (width, height) =>
    new OffscreenCanvas(width, height).getContext("2d", { willReadFrequently: true });
  const base64 = (data) => {
    let text = "";
    for (let i = 0; i < data.length; i += 32768) text += String.fromCharCode(...data.subarray(i, i + 32768));
    return btoa(text);
  };
  let canvas = null;
  let running = false;
  let state = null;

  function number(data, stride, left, top, stamp) {
    let code = 0;
    for (let bit = 0; bit < stamp.bits; bit++) {
      const x = left + bit * stamp.cell + stamp.cell / 2;
      const y = top + stamp.cell / 2;
      code = (code << 1) | (data[(y * stride + x) * 4 + 1] > 127 ? 1 : 0);
    }
    let value = 0;
    for (; code; code >>= 1) value ^= code;
    return value;
  }

  function lookAtStamp(now) {
    const { stamp, strip } = state;
    const width = stamp.bits * stamp.cell;
    strip.drawImage(canvas, stamp.x, stamp.y, width, stamp.cell, 0, 0, width, stamp.cell);
    const value = number(strip.getImageData(0, 0, width, stamp.cell).data, width, 0, 0, stamp);
    if (value === state.last) return;
    state.last = value;
    state.seen.push([value, now]);
    if (state.shots.length < state.wantedShots && now >= state.nextShot) takeShot(now);
  }

  function takeShot(now) {
    const { box, stamp, film } = state;
    film.drawImage(canvas, box.x, box.y, box.width, box.height, 0, 0, box.width, box.height);
    const data = film.getImageData(0, 0, box.width, box.height).data;
    state.shots.push({ number: number(data, box.width, stamp.x - box.x, stamp.y - box.y, stamp), data });
    state.nextShot = now + state.shotGap;
  }

  function shade() {
    const { patch, dot } = state;
    dot.drawImage(canvas, patch.x, patch.y, 1, 1, 0, 0, 1, 1);
    return dot.getImageData(0, 0, 1, 1).data[1] > 127;
  }

  function look() {
    if (!running) return;
    const now = performance.now();
    state.looks++;
    if (state.stamp) lookAtStamp(now);
    if (state.pressed !== null && shade() !== state.before) {
      state.keys.push([state.pressed, performance.now()]);
      state.pressed = null;
    }
    setTimeout(look, LOOK_EVERY_MS);
  }

  addEventListener(
    "keydown",
    (event) => {
      if (!running || !state.patch) return;
      state.before = shade();
      state.pressed = event.timeStamp;
    },
    true,
  );

  globalThis.relevoProbe = {
    find(selector) {
      const wanted = [...document.querySelectorAll(selector)];
      canvas = wanted.find((one) => one.width >= 640 && one.height >= 480) ?? null;
      return canvas === null ? [0, 0] : [canvas.width, canvas.height];
    },
    box() {
      const { left, top, width, height } = canvas.getBoundingClientRect();
      return { left, top, width, height };
    },
    shade(x, y) {
      const dot = context(1, 1);
      dot.drawImage(canvas, x, y, 1, 1, 0, 0, 1, 1);
      return [...dot.getImageData(0, 0, 1, 1).data.slice(0, 3)];
    },
    start({ stamp, patch, box, shots }) {
      state = { stamp, patch, box, wantedShots: shots, shots: [], shotGap: 700, nextShot: performance.now() + 1000 };
      Object.assign(state, { last: -1, seen: [], keys: [], looks: 0, pressed: null, before: false });
      if (stamp) state.strip = context(stamp.bits * stamp.cell, stamp.cell);
      if (shots) state.film = context(box.width, box.height);
      state.dot = context(1, 1);
      if (!running) {
        running = true;
        look();
      }
    },
    // Counts pictures from now on: looks, one a frame of the browser, in which four columns have changed.
    watch() {
      const strips = [1, 2, 3, 4].map((part) => ({
        x: Math.floor((canvas.width * part) / 5),
        strip: context(1, canvas.height),
        last: new Uint32Array(canvas.height),
      }));
      let count = -1; // the first look finds everything new
      const glance = () => {
        let changed = false;
        for (const one of strips) {
          one.strip.drawImage(canvas, one.x, 0, 1, canvas.height, 0, 0, 1, canvas.height);
          const seen = new Uint32Array(one.strip.getImageData(0, 0, 1, canvas.height).data.buffer);
          changed ||= seen.some((pixel, y) => pixel !== one.last[y]);
          one.last = seen;
        }
        if (changed) count++;
        requestAnimationFrame(glance);
      };
      glance();
      this.pictures = () => count;
    },
    waiting: () => state.pressed !== null,
    forget() {
      state.pressed = null;
    },
    stop() {
      running = false;
      const { seen, keys, looks } = state;
      return { seen, keys, looks, shots: state.shots.length };
    },
    shot(i) {
      return { number: state.shots[i].number, rgba: base64(state.shots[i].data) };
    },
    picture() {
      const whole = context(canvas.width, canvas.height);
      whole.drawImage(canvas, 0, 0);
      return base64(whole.getImageData(0, 0, canvas.width, canvas.height).data);
    },
  };
})();
