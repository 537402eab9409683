import type { ReactElement } from "react";

/** The mark: two runners' lanes and the baton that passes between them. */
export function Mark(props: { readonly size?: number }): ReactElement {
  const { size = 28 } = props;
  return (
    <svg className="mark" width={size} height={size} viewBox="0 0 32 32" aria-hidden="true">
      <rect x="2" y="7" width="17" height="6" rx="3" fill="currentColor" />
      <rect x="13" y="19" width="17" height="6" rx="3" fill="currentColor" opacity="0.55" />
      <rect x="9" y="13" width="14" height="6" rx="3" className="mark-baton" />
    </svg>
  );
}

/** Mark and name. */
export function Brand(props: { readonly size?: number }): ReactElement {
  return (
    <span className="brand">
      <Mark size={props.size ?? 28} />
      <span className="brand-name">Relevo</span>
    </span>
  );
}
