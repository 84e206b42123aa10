// The parts of Preact with htm that the pages use.
export type Ref<T> = {current: T};
export type Update<T> = (next: T | ((now: T) => T)) => void;
export function html(strings: TemplateStringsArray, ...values: any[]): any;
export function render(node: any, parent: Element): void;
export function useState<T>(initial: T | (() => T)): [T, Update<T>];
export function useState<T = any>(): [T | undefined, Update<T | undefined>];
export function useRef<T = any>(initial: T): Ref<T>;
export function useEffect(effect: () => void | (() => void), inputs?: readonly unknown[]): void;
export function useLayoutEffect(effect: () => void | (() => void), inputs?: readonly unknown[]): void;
export function useMemo<T>(make: () => T, inputs: readonly unknown[]): T;
export function useCallback<F extends (...args: any[]) => any>(callback: F, inputs: readonly unknown[]): F;
