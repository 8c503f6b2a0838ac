// Jest's Node environment in a realm with ordinary globals.
// J1 Jest makes its realm from an object with interceptors, and there every use of a global (`Math.imul`, `Infinity`) is a call into
//    C++: 0.3 us instead of nothing. A realm that is not "contextified" (Node.js 22.8 and later) has none: a loop of 2.4 million
//    `Math.imul` took 2.9 s before and 0.06 s now, and the simulator is made of such loops.
import vm from 'node:vm';
import { TestEnvironment } from 'jest-environment-node';

export default class OrdinaryGlobals extends TestEnvironment {
  constructor(config, context) {
    const { createContext } = vm;
    // The parent's constructor makes the realm by this call and offers no other way in.
    vm.createContext = () => createContext(vm.constants.DONT_CONTEXTIFY);
    try {
      super(config, context);
    } finally {
      vm.createContext = createContext;
    }
  }
}
