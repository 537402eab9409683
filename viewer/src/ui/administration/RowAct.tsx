import type { ReactElement, ReactNode } from "react";

/** A button in a long table: as light as can be, and still with its reason. */
export function RowAct(props: {
  readonly label: string;
  /** Why not, in words. */
  readonly barred: string | null;
  readonly remark?: string | null;
  readonly danger?: boolean;
  readonly testId?: string;
  readonly children: ReactNode;
  readonly onClick: () => void;
}): ReactElement {
  const { barred } = props;
  const remark = barred ?? props.remark ?? undefined;
  return (
    <button
      type="button"
      className="row-act"
      title={remark}
      aria-label={props.label}
      aria-description={remark}
      aria-disabled={barred !== null}
      data-danger={props.danger === true ? true : undefined}
      data-testid={props.testId}
      onClick={() => {
        if (barred === null) props.onClick();
      }}
    >
      {props.children}
    </button>
  );
}
