// What must hold of the resources of a rendered chart taken together, which no schema can say. Each rule gives what is wrong.

/** Kinds that hold pods, with the way to the pod. */
const podOf = ({ kind, spec }) => (kind === 'Pod' ? spec : kind === 'Deployment' ? spec.template.spec : undefined);
const nameOf = ({ kind, metadata }) => `${kind} ${metadata.name}`;
/** The least that values.schema.json takes. */
export const MIN_READY_SECONDS = 5;
const matches = (selector, labels = {}) => Object.entries(selector).every(([key, value]) => labels[key] === value);

export const RULES = {
  'no secret is rendered': (all) => all.filter(({ kind }) => kind === 'Secret').map(nameOf),

  'a name is used once': (all) => {
    const names = all.map((one) => `${nameOf(one)} of ${one.apiVersion} in ${one.metadata.namespace ?? ''}`);
    return names.filter((name, i) => names.indexOf(name) !== i);
  },

  'pods have no rights': (all) =>
    pods(all).flatMap(([name, pod]) => [
      ...(pod.securityContext?.runAsNonRoot === true && pod.securityContext.seccompProfile?.type === 'RuntimeDefault'
        ? []
        : [`${name} may run as root, or without a profile of system calls`]),
      ...(pod.automountServiceAccountToken === false ? [] : [`${name} has a token`]),
      ...(pod.enableServiceLinks === false ? [] : [`${name} is given variables of other services`]),
      ...pod.containers.filter(hasRights).map((container) => `${name}: container ${container.name} has rights`),
    ]),

  'containers say what they need': (all) =>
    pods(all).flatMap(([name, pod]) =>
      pod.containers
        .filter(({ resources }) => !resources?.requests?.cpu || !resources.requests.memory || !resources.limits?.memory)
        .map((container) => `${name}: container ${container.name} asks for no CPU or memory, or has no limit of memory`),
    ),

  'what runs has all three probes': (all) =>
    deployments(all).flatMap((one) =>
      one.spec.template.spec.containers
        .filter((container) => !container.startupProbe || !container.livenessProbe || !container.readinessProbe)
        .map((container) => `${nameOf(one)}: container ${container.name}`),
    ),

  'a pod is given longer than its stop': (all) =>
    deployments(all).flatMap((one) => {
      const settings = all.find(({ kind, data }) => kind === 'ConfigMap' && data.TESSERA_STOP_WITHIN);
      const { terminationGracePeriodSeconds: grace, containers } = one.spec.template.spec;
      const pause = containers[0].lifecycle?.preStop?.sleep?.seconds ?? 0;
      return grace > Number.parseInt(settings.data.TESSERA_STOP_WITHIN, 10) + pause ? [] : [nameOf(one)];
    }),

  // Longer than the pause between two instances in the proof of the rolling restart (apps/tessera/test/services/rolling.services.ts).
  'a pod is ready for a while before the next one goes': (all) =>
    deployments(all)
      .filter(({ spec }) => !(spec.minReadySeconds >= MIN_READY_SECONDS))
      .map(nameOf),

  'selectors find pods of this release': (all) => {
    const labels = deployments(all).map(({ spec }) => spec.template.metadata.labels);
    const finds = (selector) => labels.some((one) => matches(selector, one));
    return all
      .map((one) => [one, selectorOf(one)])
      .filter(([, selector]) => selector !== undefined && !finds(selector))
      .map(([one]) => nameOf(one));
  },

  'a selector of a deployment finds its own pods': (all) =>
    deployments(all)
      .filter(({ spec }) => !matches(spec.selector.matchLabels, spec.template.metadata.labels))
      .map(nameOf),

  'ports that are named are there': (all) =>
    all
      .filter(({ kind }) => kind === 'Service')
      .flatMap((service) => {
        const found = deployments(all).filter(({ spec }) => matches(service.spec.selector, spec.template.metadata.labels));
        const names = found.flatMap(({ spec }) =>
          spec.template.spec.containers.flatMap(({ ports }) => ports.map((port) => port.name)),
        );
        return service.spec.ports.filter(({ targetPort }) => !names.includes(targetPort)).map(() => nameOf(service));
      }),

  'settings that pods read are there': (all) =>
    pods(all).flatMap(([name, pod]) =>
      pod.containers
        .flatMap(({ envFrom = [] }) => envFrom.map(({ configMapRef }) => configMapRef.name))
        .filter((wanted) => !all.some(({ kind, metadata }) => kind === 'ConfigMap' && metadata.name === wanted))
        .map((wanted) => `${name} reads ConfigMap ${wanted}`),
    ),

  'what is scaled is there, and is scaled by one': (all) => {
    const scalers = all.filter(({ kind }) => kind === 'HorizontalPodAutoscaler' || kind === 'ScaledObject');
    const targets = scalers.map(({ spec }) => spec.scaleTargetRef.name);
    return scalers
      .filter((one, i) => {
        const target = deployments(all).find(({ metadata }) => metadata.name === targets[i]);
        return target === undefined || target.spec.replicas !== undefined || targets.indexOf(targets[i]) !== i;
      })
      .map(nameOf);
  },

  'a service of its own account': (all) =>
    deployments(all)
      .filter(
        ({ spec }) =>
          !all.some(({ kind, metadata }) => kind === 'ServiceAccount' && metadata.name === spec.template.spec.serviceAccountName),
      )
      .map(nameOf),
};

/** Sentences on everything that does not hold. */
export function faultsIn(resources) {
  return Object.entries(RULES).flatMap(([rule, check]) => check(resources).map((what) => `${rule}: ${what}`));
}

function deployments(all) {
  return all.filter(({ kind }) => kind === 'Deployment');
}

function pods(all) {
  return all.map((one) => [nameOf(one), podOf(one)]).filter(([, pod]) => pod !== undefined);
}

function hasRights({ securityContext: context }) {
  return !(
    context?.allowPrivilegeEscalation === false &&
    context.readOnlyRootFilesystem === true &&
    context.capabilities?.drop?.includes('ALL')
  );
}

function selectorOf({ kind, spec }) {
  if (kind === 'Service') return spec.selector;
  if (kind === 'PodDisruptionBudget') return spec.selector.matchLabels;
  return kind === 'NetworkPolicy' ? spec.podSelector.matchLabels : undefined;
}
