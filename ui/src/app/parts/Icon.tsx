// The few icons of the application, drawn here: 20 units wide, in the colour of their text.

const paths = {
  live: "M3 5.5h14v9H3z",
  requests: "M6 3h6l3 3v11H6zM12 3v3h3M8.5 10h4M8.5 13h4",
  accesses: "M10 6v4l2.5 2M10 3a7 7 0 1 0 0 14a7 7 0 0 0 0-14z",
  play: "M6.5 4.5v11l9-5.5z",
  pause: "M7 5v10M13 5v10",
  back: "M13 5l-6 5 6 5M5 5v10",
  forward: "M7 5l6 5-6 5M15 5v10",
  mark: "M6 3.5h8v13l-4-3-4 3z",
  camera: "M3 6.5h3l1.5-2h5l1.5 2h3v9H3zM10 13.5a2.7 2.7 0 1 0 0-5.4a2.7 2.7 0 0 0 0 5.4z",
  rewind: "M10 4a6 6 0 1 1-5.6 3.9M4 4v4h4M10 7.2V10l2 1.6",
  enlarge: "M4 8V4h4M12 4h4v4M16 12v4h-4M8 16H4v-4",
  shrink: "M8 4v4H4M16 8h-4V4M12 16v-4h4M4 12h4v4",
  keep: "M10 3l5.500 2.200v4.300c0 3.600-2.300 6-5.500 7.500c-3.200-1.500-5.500-3.900-5.500-7.500V5.200zM10 7v3l2 1.300",
  looked:
    "M2.500 10c2-3.500 4.500-5.200 7.500-5.200s5.500 1.700 7.500 5.200c-2 3.500-4.500 5.200-7.500 5.200s-5.500-1.700-7.500-5.200zM10 12.300a2.300 2.300 0 1 0 0-4.600a2.300 2.300 0 0 0 0 4.600z",
  clip: "M4 4.500h12v11H4zM4 8h12M8 4.500L6.500 8M12.500 4.500L11 8",
  register: "M4 4h9l3 3v9H4zM7 8h4M7 11h6M7 14h6",
  people:
    "M7.500 9a2.700 2.700 0 1 0 0-5.400a2.700 2.700 0 0 0 0 5.400zM2.500 16.500c.4-3 2.300-4.500 5-4.500s4.600 1.500 5 4.500M12.500 4.200a2.500 2.500 0 0 1 0 4.600M14.500 12.300c1.700.5 2.700 1.900 3 4.200",
  out: "M8 4H4v12h4M9 10h8M14 7l3 3-3 3",
} as const;

export type IconName = keyof typeof paths;

export function Icon({ name }: { name: IconName }) {
  const filled = name === "play";
  return (
    <svg
      className="icon"
      viewBox="0 0 20 20"
      aria-hidden="true"
      fill={filled ? "currentColor" : "none"}
    >
      <path
        d={paths[name]}
        stroke="currentColor"
        strokeWidth="1.6"
        strokeLinecap="round"
        strokeLinejoin="round"
      />
    </svg>
  );
}

/** The mark of Plainview: a picture, and in it a calm round shape where somebody stands. */
export function Mark() {
  return (
    <svg className="mark" viewBox="0 0 32 32" aria-hidden="true">
      <rect x="2" y="5" width="28" height="22" rx="6" fill="currentColor" opacity="0.22" />
      <circle cx="16" cy="14.5" r="5" fill="currentColor" />
      <path
        d="M6.5 27c1-4.6 4.800-7 9.500-7s8.500 2.400 9.500 7z"
        fill="currentColor"
        opacity="0.7"
      />
    </svg>
  );
}
