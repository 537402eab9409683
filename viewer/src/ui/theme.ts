/** Colours and shapes: petrol on quiet greys, amber for what waits for a person. */
import { createTheme, type MantineColorsTuple, Modal, NumberInput } from "@mantine/core";

const petrol: MantineColorsTuple = [
  "#e9f5f4",
  "#d2e8e6",
  "#a6d2ce",
  "#76b9b4",
  "#4fa39d",
  "#318d87",
  "#1d7771",
  "#13615c",
  "#0d4c48",
  "#083733",
];

const amber: MantineColorsTuple = [
  "#fdf5e6",
  "#f9e8c8",
  "#f2d196",
  "#ebb95f",
  "#e3a334",
  "#c98818",
  "#9d660d",
  "#835409",
  "#613d05",
  "#422902",
];

// The library's own red is too light to carry white text (WCAG 1.4.3).
const red: MantineColorsTuple = [
  "#fff5f5",
  "#ffe3e3",
  "#ffc9c9",
  "#ffa8a8",
  "#ff8787",
  "#f25555",
  "#d92f2f",
  "#c22828",
  "#ad2222",
  "#961c1c",
];

const dark: MantineColorsTuple = [
  "#dbe2e1",
  "#b4bfbe",
  "#93a09f",
  "#5f6d6c",
  "#3c4847",
  "#2d3837",
  "#232c2c",
  "#1a2222",
  "#131919",
  "#0c1111",
];

export const theme = createTheme({
  primaryColor: "petrol",
  primaryShade: { light: 7, dark: 6 },
  colors: { petrol, amber, red, dark },
  defaultRadius: "md",
  cursorType: "pointer",
  focusRing: "auto",
  respectReducedMotion: true,
  fontFamily:
    "Inter, 'Segoe UI Variable Text', 'Segoe UI', system-ui, -apple-system, 'Noto Sans', sans-serif",
  fontFamilyMonospace: "ui-monospace, 'Cascadia Mono', 'SF Mono', 'DejaVu Sans Mono', Consolas, monospace",
  headings: { fontWeight: "600" },
  components: {
    // Its two arrows are too small to be hit (WCAG 2.2, 2.5.8); a number is typed, or stepped by the arrow keys.
    NumberInput: NumberInput.extend({ defaultProps: { hideControls: true } }),
    // A question stands where it appears. One that slides in moves its buttons away between press and release, most of all
    // where the PC is busy: then nothing is clicked, and whoever pressed Yes believes it done.
    Modal: Modal.extend({ defaultProps: { transitionProps: { transition: "fade", duration: 150 } } }),
  },
});
