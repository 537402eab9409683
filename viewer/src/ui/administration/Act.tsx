import { Button, Tooltip } from "@mantine/core";
import type { ReactElement, ReactNode } from "react";

import type { Capability } from "../../protocol/generated";
import { useReason } from "./useReason";

/** A button that needs a capability: reachable and with the reason where it cannot be used, announced where it asks. */
export function Act(props: {
  readonly needs: Capability;
  readonly children: ReactNode;
  readonly label?: string;
  readonly icon?: ReactNode;
  readonly danger?: boolean;
  readonly primary?: boolean;
  /** Another reason why not, in words. */
  readonly barred?: string | null;
  readonly testId?: string;
  readonly onClick: () => void;
}): ReactElement {
  const given = useReason(props.needs);
  const reason = given.barred ?? props.barred ?? null;
  const remark = reason ?? given.remark;
  return (
    <Tooltip
      label={remark ?? ""}
      disabled={remark === null}
      openDelay={350}
      events={{ hover: true, focus: true, touch: true }}
      multiline
      maw={280}
    >
      <Button
        size="compact-xs"
        variant={props.primary === true ? "light" : "default"}
        className="act"
        leftSection={props.icon}
        aria-label={props.label}
        aria-disabled={reason !== null}
        aria-description={remark ?? undefined}
        {...(reason === null ? {} : { "data-disabled": true })}
        {...(props.danger === true ? { "data-danger": true } : {})}
        data-testid={props.testId}
        onClick={(event) => {
          if (reason === null) props.onClick();
          else event.preventDefault();
        }}
      >
        {props.children}
      </Button>
    </Tooltip>
  );
}
