// mongo-java-server as the stand-in for MongoDB in our tests.
// S1 It names wire version 9 (MongoDB 4.4), the least that today's drivers accept. That adds no feature: what it lacks, it lacks.
// S2 A command that writes is answered after its effect is in the file, so that what was acknowledged is there after a SIGKILL. Without a
//    file everything stands in plain maps and is gone with the process: for benchmarks, whose processor H2 would have for itself (it
//    serializes a key for each comparison).
// S3 A filter with an `_id`, or several by $in, is answered by way of the index of `_id` and the rest of the filter, as MongoDB does: the
//    server alone would look at every document for a guarded write. That is how fast, never what is found.
// Usage: java -cp … StandIn PORT [FILE]
import de.bwaldvogel.mongo.MongoBackend;
import de.bwaldvogel.mongo.MongoCollection;
import de.bwaldvogel.mongo.MongoDatabase;
import de.bwaldvogel.mongo.MongoServer;
import de.bwaldvogel.mongo.MongoVersion;
import de.bwaldvogel.mongo.backend.CollectionOptions;
import de.bwaldvogel.mongo.backend.CursorRegistry;
import de.bwaldvogel.mongo.backend.Index;
import de.bwaldvogel.mongo.backend.QueryResult;
import de.bwaldvogel.mongo.backend.h2.H2Backend;
import de.bwaldvogel.mongo.backend.h2.H2Collection;
import de.bwaldvogel.mongo.backend.h2.H2Database;
import de.bwaldvogel.mongo.backend.memory.MemoryBackend;
import de.bwaldvogel.mongo.backend.memory.MemoryCollection;
import de.bwaldvogel.mongo.backend.memory.MemoryDatabase;
import de.bwaldvogel.mongo.bson.Document;
import de.bwaldvogel.mongo.wire.message.MongoMessage;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Proxy;
import java.util.List;
import java.util.Set;
import org.h2.mvstore.MVMap;
import org.h2.mvstore.MVStore;

public final class StandIn {
  private static final Set<String> READS =
      Set.of("find", "getMore", "hello", "isMaster", "ismaster", "ping", "aggregate", "count", "listIndexes", "listCollections",
          "buildInfo", "killCursors", "endSessions");

  public static void main(String[] args) {
    int port = Integer.parseInt(args[0]);
    MongoServer server = new MongoServer(args.length > 1 ? onFile(args[1]) : inMemory());
    Runtime.getRuntime().addShutdownHook(new Thread(server::shutdownNow));
    server.bind("127.0.0.1", port);
    System.out.println("the stand-in is ready");
  }

  private static MongoBackend onFile(String file) {
    FileBackend backend = new FileBackend(new MVStore.Builder().autoCommitDisabled().fileName(file).open());
    backend.version(new Wire9());
    return committing(backend);
  }

  private static MongoBackend inMemory() {
    PlainBackend backend = new PlainBackend();
    backend.version(new Wire9());
    return backend;
  }

  /** The same backend, which commits before it answers a command that is not known to only read (S2). */
  private static MongoBackend committing(FileBackend backend) {
    return (MongoBackend) Proxy.newProxyInstance(StandIn.class.getClassLoader(), new Class<?>[] {MongoBackend.class},
        (proxy, method, args) -> {
          try {
            Object answer = method.invoke(backend, args);
            if (method.getName().equals("handleMessage") && writes((MongoMessage) args[0])) {
              backend.commit();
            }
            return answer;
          } catch (InvocationTargetException failure) {
            throw failure.getCause();
          }
        });
  }

  private static boolean writes(MongoMessage message) {
    return !READS.contains(message.getDocument().keySet().iterator().next());
  }

  private static final class Wire9 implements MongoVersion {
    @Override
    public List<Integer> getVersionArray() {
      return List.of(4, 4, 0);
    }

    @Override
    public int getWireVersion() {
      return 9;
    }
  }

  /** Where the documents of a filter with an `_id` are (S3); null for another filter. */
  private static <P> Iterable<P> placesById(List<Index<P>> indexes, Document query) {
    if (!query.containsKey("_id")) {
      return null;
    }
    Document byId = new Document("_id", query.get("_id"));
    for (Index<P> index : indexes) {
      if (index.canHandle(byId)) {
        return index.getPositions(byId);
      }
    }
    return null;
  }

  private static Document withoutId(Document query) {
    Document rest = query.clone();
    rest.remove("_id");
    return rest;
  }

  private static final class FileBackend extends H2Backend {
    FileBackend(MVStore store) {
      super(store);
    }

    @Override
    protected MongoDatabase openOrCreateDatabase(String name) {
      return new Database(name, getCursorRegistry());
    }

    private final class Database extends H2Database {
      Database(String name, CursorRegistry cursors) {
        super(name, getMvStore(), cursors);
      }

      @Override
      protected MongoCollection<Object> openOrCreateCollection(String collection, CollectionOptions options) {
        String name = getDatabaseName() + "." + collection;
        return new FileCollection(this, collection, options, getMvStore().openMap("databases." + name),
            getMvStore().openMap("meta." + name), cursorRegistry);
      }
    }
  }

  private static final class FileCollection extends H2Collection {
    FileCollection(MongoDatabase database, String name, CollectionOptions options, MVMap<Object, Document> documents,
        MVMap<String, Object> meta, CursorRegistry cursors) {
      super(database, name, options, documents, meta, cursors);
    }

    @Override
    protected QueryResult queryDocuments(Document query, Document order, int skip, int limit, int batch, Document fields) {
      Iterable<Object> places = placesById(getIndexes(), query);
      return places == null
          ? super.queryDocuments(query, order, skip, limit, batch, fields)
          : matchDocuments(withoutId(query), places, order, skip, limit, batch, fields);
    }
  }

  private static final class PlainBackend extends MemoryBackend {
    @Override
    public MemoryDatabase openOrCreateDatabase(String name) {
      return new Database(name, getCursorRegistry());
    }

    private static final class Database extends MemoryDatabase {
      Database(String name, CursorRegistry cursors) {
        super(name, cursors);
      }

      @Override
      protected MemoryCollection openOrCreateCollection(String collection, CollectionOptions options) {
        return new PlainCollection(this, collection, options, cursorRegistry);
      }
    }
  }

  private static final class PlainCollection extends MemoryCollection {
    PlainCollection(MongoDatabase database, String name, CollectionOptions options, CursorRegistry cursors) {
      super(database, name, options, cursors);
    }

    @Override
    protected QueryResult queryDocuments(Document query, Document order, int skip, int limit, int batch, Document fields) {
      Iterable<Integer> places = placesById(getIndexes(), query);
      return places == null
          ? super.queryDocuments(query, order, skip, limit, batch, fields)
          : matchDocuments(withoutId(query), places, order, skip, limit, batch, fields);
    }
  }
}
