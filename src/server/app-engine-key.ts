/** The key under which an application has its engine: in a file of its own, so that its users' types do not lead there. */

export const appEngineKey = Symbol('engine');
