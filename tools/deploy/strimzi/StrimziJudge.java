// Reads resources of Strimzi with the operator's own model, and tells what the operator would not understand:
//   java -cp 'LIB/*' StrimziJudge.java < documents.yaml
// One line per fault on stdout; exit code 0 where there is none, 1 where there are some.
// S1 A key that the model has no field for is a fault: the operator would ignore it.
// S2 A value of another type than the model has is a fault too.
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.dataformat.yaml.YAMLFactory;
import java.beans.Introspector;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Map;

public class StrimziJudge {
  private static final Map<String, Class<?>> KINDS = Map.of(
      "KafkaTopic", io.strimzi.api.kafka.model.topic.KafkaTopic.class,
      "KafkaUser", io.strimzi.api.kafka.model.user.KafkaUser.class);

  public static void main(String[] words) throws Exception {
    ObjectMapper yaml = new ObjectMapper(new YAMLFactory());
    List<String> faults = new ArrayList<>();
    try (var documents = yaml.readerFor(JsonNode.class).<JsonNode>readValues(System.in)) {
      while (documents.hasNext()) judge(yaml, documents.next(), faults);
    }
    faults.forEach(System.out::println);
    System.exit(faults.isEmpty() ? 0 : 1);
  }

  private static void judge(ObjectMapper yaml, JsonNode document, List<String> faults) throws Exception {
    String name = document.path("kind").asText() + " " + document.path("metadata").path("name").asText("(none)");
    Class<?> kind = KINDS.get(document.path("kind").asText());
    if (kind == null) {
      faults.add(name + " is of no kind that is known here");
      return;
    }
    String version = document.path("apiVersion").asText();
    if (!List.of("kafka.strimzi.io/v1", "kafka.strimzi.io/v1beta2").contains(version)) faults.add(name + ": apiVersion " + version);
    try {
      Object resource = yaml.treeToValue(document, kind);
      walk(resource, name, faults);
      if (document.path("spec").isMissingNode()) faults.add(name + ": no spec");
    } catch (com.fasterxml.jackson.core.JsonProcessingException error) {
      faults.add(name + ": " + error.getOriginalMessage());
    }
  }

  /** Every bean of the model keeps the keys it has no field for: none may have any. */
  private static void walk(Object value, String path, List<String> faults) throws Exception {
    if (value instanceof Collection<?> many) {
      for (Object one : many) walk(one, path + "[]", faults);
      return;
    }
    if (value == null || !value.getClass().getName().startsWith("io.strimzi.api.")) return;
    for (var property : Introspector.getBeanInfo(value.getClass(), Object.class).getPropertyDescriptors()) {
      if (property.getReadMethod() == null || value instanceof Enum<?>) continue;
      Object inside = property.getReadMethod().invoke(value);
      if (!property.getName().equals("additionalProperties")) walk(inside, path + "." + property.getName(), faults);
      else if (inside instanceof Map<?, ?> unknown && !unknown.isEmpty()) faults.add(path + ": unknown " + unknown.keySet());
    }
  }
}
