import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import de.captaingoldfish.scim.sdk.common.constants.enums.HttpMethod;
import de.captaingoldfish.scim.sdk.common.resources.ServiceProvider;
import de.captaingoldfish.scim.sdk.common.resources.complex.FilterConfig;
import de.captaingoldfish.scim.sdk.common.resources.complex.PatchConfig;
import de.captaingoldfish.scim.sdk.common.resources.complex.SortConfig;
import de.captaingoldfish.scim.sdk.common.resources.multicomplex.AuthenticationScheme;
import de.captaingoldfish.scim.sdk.common.response.ScimResponse;
import de.captaingoldfish.scim.sdk.server.endpoints.Context;
import de.captaingoldfish.scim.sdk.server.endpoints.ResourceEndpoint;
import de.captaingoldfish.scim.sdk.server.endpoints.authorize.Authorization;
import de.captaingoldfish.scim.sdk.server.endpoints.base.GroupEndpointDefinition;
import de.captaingoldfish.scim.sdk.server.endpoints.base.UserEndpointDefinition;
import de.captaingoldfish.scim.sdk.server.schemas.ResourceType;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * A downstream app for the tests: SCIM-SDK's schemas, filters, sorting, pages and PATCH over maps in memory. It prints the
 * address it listens on, and ends when its standard input closes, so that a test that dies leaves nothing behind.
 */
public final class Server {
  private static final String TOKEN = System.getenv("SCIM_TOKEN");

  private final ResourceEndpoint endpoint;
  private final String base;

  private Server(String base) {
    this.base = base;
    Users users = new Users();
    Groups groups = new Groups(users);
    endpoint = new ResourceEndpoint(ServiceProvider.builder()
        .filterConfig(FilterConfig.builder().supported(true).maxResults(50).build())
        .sortConfig(SortConfig.builder().supported(true).build())
        .patchConfig(PatchConfig.builder().supported(true).build())
        .authenticationSchemes(List.of(AuthenticationScheme.builder().type("oauthbearertoken").name("Bearer")
            .description("The token of the environment variable SCIM_TOKEN").build()))
        .build());
    byTheSdk(endpoint.registerEndpoint(new UserEndpointDefinition(users)));
    byTheSdk(endpoint.registerEndpoint(new GroupEndpointDefinition(groups)));
  }

  /** byTheSdk leaves filters and sorting to the SDK. */
  private static void byTheSdk(ResourceType type) {
    type.getFeatures().setAutoFiltering(true);
    type.getFeatures().setAutoSorting(true);
  }

  private void answer(HttpExchange exchange) throws IOException {
    try (exchange) {
      Map<String, String> headers = new HashMap<>();
      exchange.getRequestHeaders().forEach((name, values) -> headers.put(name, String.join(", ", values)));
      String body = new String(exchange.getRequestBody().readAllBytes(), StandardCharsets.UTF_8);
      ScimResponse response = endpoint.handleRequest(base + exchange.getRequestURI(),
          HttpMethod.valueOf(exchange.getRequestMethod()), body, headers, new Context(new Bearer()));
      response.getHttpHeaders().forEach(exchange.getResponseHeaders()::set);
      byte[] text = response.isEmpty() ? new byte[0] : response.toString().getBytes(StandardCharsets.UTF_8);
      exchange.sendResponseHeaders(response.getHttpStatus(), text.length == 0 ? -1 : text.length);
      if (text.length > 0) {
        exchange.getResponseBody().write(text);
      }
    }
  }

  /** Bearer lets in who shows the token. */
  private static final class Bearer implements Authorization {
    @Override
    public Set<String> getClientRoles() {
      return Set.of();
    }

    @Override
    public boolean authenticate(Map<String, String> headers, Map<String, String> query) {
      return ("Bearer " + TOKEN).equals(headers.get("Authorization"));
    }
  }

  public static void main(String[] arguments) throws IOException {
    System.setProperty("sun.net.httpserver.nodelay", "true"); // a header and a body are two packets: nobody waits for the second
    HttpServer http = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
    String base = "http://127.0.0.1:" + http.getAddress().getPort();
    Server server = new Server(base);
    http.createContext("/", server::answer); // without an executor, one request after the other: no change loses another
    http.start();
    System.out.println("listening on " + base);
    while (System.in.read() >= 0) {
      // nothing is read: its end is what counts
    }
    http.stop(0);
    System.exit(0);
  }
}
